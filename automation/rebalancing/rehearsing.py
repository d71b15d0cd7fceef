"""Put every leg of a run before the real gate, in order and as if the sells had filled, before the first is ordered.

So a run that the gate would stop half-way does not begin. Nothing is written, and what is admitted here is judged again
when it is placed and when it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from automation.rebalancing.refusing import Refusal, over_the_caps
from common.ids import new_id
from common.money import HUNDRED, ZERO
from safety import gate
from safety.sizing import worst_price_of
from safety.types import Outcome, PolicyView, ProposedOrder, Snapshot

SOURCE = "rebalance_run"


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """An order the run means to place: shares at about `price` dollars."""

    number: int
    side: str
    symbol: str
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Whose:
    """Whom the legs belong to."""

    user_id: int
    portfolio_id: UUID
    account_id: UUID
    run_id: UUID
    action_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """`checks`: per leg what the gate says. `refusal`: why not to begin. `asks`: why a person must say yes first."""

    checks: list[dict[str, Any]]
    refusal: Refusal | None
    asks: str


def rehearse(legs: Sequence[Leg], snapshot: Snapshot, whose: Whose, *, now: datetime) -> Rehearsal:
    """The gate's word on the whole run. `legs` in the order in which they will be placed, sells first."""
    sells = [leg for leg in legs if leg.side == "sell"]
    buys = [leg for leg in legs if leg.side == "buy" and leg.quantity > ZERO]
    checks, asks = [], []
    refusal: Refusal | None = None
    seen = snapshot
    for phase in (sells, buys):
        for leg in phase:
            order = _proposed(leg, whose, now)
            verdict = gate.judge(order, seen)
            deciding = verdict.denial or verdict.approval
            checks.append(
                _told(leg, verdict.outcome, deciding.code if deciding else "", deciding.message if deciding else "")
            )
            if verdict.denial and refusal is None:
                said = f"{leg.side} {leg.symbol}: {verdict.denial.message}"
                refusal = Refusal(code=verdict.denial.code, reason=said)
            elif verdict.approval and verdict.approval.code != "APPROVAL_REQUIRED":
                asks.append(verdict.approval.message)
            seen = seen.with_order(order, worst_price_of(order, seen) or leg.price, "queued")
        if phase is sells:
            seen = _after_sells(snapshot, seen, sells)
    if refusal is None and snapshot.equity is not None:
        refusal = over_the_caps(
            legs=len(sells) + len(buys),
            value=sum((leg.quantity * leg.price for leg in (*sells, *buys)), ZERO),
            trades_today=snapshot.trades_today,
            most_trades=snapshot.policy.max_daily_trades,
            turnover_today=snapshot.turnover_today,
            equity=snapshot.equity,
            turnover_pct=snapshot.policy.daily_turnover_pct,
        )
    large = _large([*sells, *buys], snapshot.policy, snapshot.equity)
    return Rehearsal(checks=checks, refusal=refusal, asks=" ".join([*large, *asks]))


def _large(legs: Sequence[Leg], policy: PolicyView, equity: Decimal | None) -> list[str]:
    """Symbols in which the run trades more than a person must approve, however many orders that takes."""
    limit = policy.large_order_amount
    if limit is None:
        limit = (equity or ZERO) * policy.large_order_pct / HUNDRED
    sums: dict[str, Decimal] = {}
    for leg in legs:
        sums[leg.symbol] = sums.get(leg.symbol, ZERO) + leg.quantity * leg.price
    large = sorted(symbol for symbol, value in sums.items() if value > limit)
    if not large:
        return []
    return [f"It trades more than ${limit:,.2f} of {', '.join(large)}: above that a person approves."]


def _after_sells(before: Snapshot, after: Snapshot, sells: Sequence[Leg]) -> Snapshot:
    """The portfolio as the buys will find it: what was sold is cash, and the day's counts are kept."""
    positions = dict(before.positions)
    cash = before.cash
    for leg in sells:
        quote = before.quotes.get(leg.symbol)
        got = (quote.bid or quote.last) if quote else leg.price
        positions[leg.symbol] = positions.get(leg.symbol, ZERO) - leg.quantity
        cash += leg.quantity * got
    return replace(
        before,
        cash=cash,
        positions={symbol: quantity for symbol, quantity in positions.items() if quantity},
        recent=after.recent,
        trades_today=after.trades_today,
        turnover_today=after.turnover_today,
    )


def _proposed(leg: Leg, whose: Whose, now: datetime) -> ProposedOrder:
    order_id = new_id()
    return ProposedOrder(
        order_id=order_id,
        client_order_id=f"rehearsal-{order_id.hex}",
        user_id=whose.user_id,
        portfolio_id=whose.portfolio_id,
        account_id=whose.account_id,
        source_kind=SOURCE,
        source_id=str(whose.run_id),
        symbol=leg.symbol,
        side=leg.side,
        order_type="market",
        time_in_force="day",
        quantity=leg.quantity,
        decision_price=leg.price,
        expires_at=now + timedelta(minutes=1),
        trace_id=whose.run_id,
        action_id=whose.action_id,
    )


def _told(leg: Leg, outcome: Outcome, code: str, message: str) -> dict[str, Any]:
    return {
        "leg": leg.number,
        "symbol": leg.symbol,
        "side": leg.side,
        "outcome": outcome.value,
        "code": code,
        "message": message,
    }
