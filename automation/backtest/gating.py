"""Every simulated order before the real gate, over a snapshot made of the simulated account. Plain Python.

The snapshot is taken once per batch, at the moment's prices, and grows with each order admitted, as live. What a
stored bar cannot show is set so that it decides nothing: quotes are as old as the moment and have no spread, the
account is usable and reconciled, no kill switch is on.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from common.money import ZERO
from safety import gate
from safety.sizing import worst_price_of
from safety.types import (
    AccountView,
    CheckResult,
    InstrumentView,
    Outcome,
    PolicyView,
    ProposedOrder,
    QuoteView,
    RecentOrder,
    Snapshot,
    SwitchView,
)


class Source(enum.StrEnum):
    """Where orders come from, in the words of orders."""

    STRATEGY = "strategy_signal"
    GOAL = "rebalance_run"


APPROVE, BLOCK = "approve", "block"  # what becomes of an order that waits for a person
APPROVER = "backtest"
MOST_DENIALS = 200  # kept in full; all are counted
NOBODY = UUID(int=0)
MINUTE = 60  # rates are per minute
PAPER = AccountView(kind="paper", live=False)
ACTIVE = SwitchView()


@dataclass(frozen=True, kw_only=True, slots=True)
class Denial:
    """An order that was not placed. `at`: the moment's index."""

    at: int
    symbol: str
    side: str
    quantity: Decimal
    code: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The account at a moment, as the gate is shown it. Dollars and shares."""

    now: datetime
    trading_date: date
    cash: Decimal
    equity: Decimal
    day_start: Decimal
    peak: Decimal
    positions: Mapping[str, Decimal]
    prices: Mapping[str, Decimal]
    previous: Mapping[str, Decimal]  # the last closes before
    trades_today: int
    turnover_today: Decimal


@dataclass(kw_only=True)
class Gatekeeper:
    """The gate of one backtest, and what it said. `allowances`: percent of the equity a goal allows a symbol."""

    policy: PolicyView
    instruments: Mapping[str, InstrumentView]
    source: Source
    approvals: str = APPROVE
    allowances: Mapping[str, Decimal] = field(default_factory=dict)
    denials: list[Denial] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    approved: int = 0  # orders that would have waited for a person
    judged: int = 0
    _snapshot: Snapshot | None = None
    _last: ProposedOrder | None = None
    _recent: list[RecentOrder] = field(default_factory=list)

    def open_batch(self, standing: Standing, symbols: Collection[str]) -> None:
        """Orders that follow are judged together, over this."""
        self._last, self._snapshot = None, self.snapshot(standing, symbols)

    def snapshot(self, standing: Standing, symbols: Collection[str]) -> Snapshot:
        """What the gate looks at. `symbols`: those that orders are about."""
        prices = standing.prices
        since = standing.now - timedelta(seconds=max(MINUTE, self.policy.duplicate_window_seconds))
        self._recent = [order for order in self._recent if order.at > since]
        return Snapshot(
            now=standing.now,
            trading_date=standing.trading_date,
            policy=self.policy,
            switches=ACTIVE,
            account=PAPER,
            cash=standing.cash,
            equity=standing.equity,
            day_start_equity=standing.day_start,
            peak_equity=standing.peak,
            positions=standing.positions,
            prices=prices,
            instruments=self.instruments,
            quotes={s: _quote(prices[s], standing.previous.get(s), standing.now) for s in symbols if s in prices},
            recent=tuple(self._recent),
            trades_today=standing.trades_today,
            turnover_today=standing.turnover_today,
            position_allowances=self.allowances,
        )

    def admits(self, *, at: int, symbol: str, side: str, quantity: Decimal) -> bool:
        """Ask for one order of the batch. A denial is kept with its code; an admitted order counts for the next."""
        snapshot = self._seen()
        self.judged += 1
        order = self._order(snapshot, symbol, side, quantity)
        why = _objection(order, snapshot)
        if why is not None and why.outcome is Outcome.NEEDS_APPROVAL and self.approvals == APPROVE:
            order = self._order(snapshot, symbol, side, quantity, approved_by=APPROVER)
            why = _objection(order, snapshot)
            self.approved += why is None
        if why is not None:
            self.refuse(at=at, symbol=symbol, side=side, quantity=quantity, code=why.code, message=why.message)
            return False
        self._last = order
        self._recent.append(
            RecentOrder(
                order_id=order.order_id, symbol=symbol, side=side, quantity=quantity, at=snapshot.now,
                source_kind=self.source, source_id=order.source_id,
            )
        )  # fmt: skip
        return True

    def refuse(self, *, at: int, symbol: str, side: str, quantity: Decimal, code: str, message: str) -> None:
        """Record an order that is not placed."""
        self.codes[code] += 1
        if len(self.denials) < MOST_DENIALS:
            self.denials.append(Denial(at=at, symbol=symbol, side=side, quantity=quantity, code=code, message=message))

    def _seen(self) -> Snapshot:
        """The snapshot with the order admitted last: it is added when the next one comes, which is seldom."""
        snapshot = self._snapshot
        if snapshot is None:
            raise ValueError("open_batch comes first")
        if self._last is not None:
            snapshot = snapshot.with_order(self._last, worst_price_of(self._last, snapshot) or ZERO, "queued")
            self._snapshot, self._last = snapshot, None
        return snapshot

    def _order(
        self, snapshot: Snapshot, symbol: str, side: str, quantity: Decimal, approved_by: str = ""
    ) -> ProposedOrder:
        number = UUID(int=self.judged)
        values: dict[str, Any] = {"user_id": 0, "portfolio_id": NOBODY, "account_id": NOBODY, "trace_id": NOBODY}
        return ProposedOrder(
            order_id=number,
            client_order_id="",
            source_kind=self.source,
            source_id="backtest",
            symbol=symbol,
            side=side,
            order_type="market",
            time_in_force="day",
            quantity=quantity,
            decision_price=snapshot.prices.get(symbol),
            expires_at=snapshot.now,
            approved_by=approved_by,
            **values,
        )


def _objection(order: ProposedOrder, snapshot: Snapshot) -> CheckResult | None:
    """The first denial, else the first need for approval; None when it passes. Raises what broke a check."""
    verdict = gate.judge(order, snapshot)
    if verdict.errors:
        raise verdict.errors[0]
    return verdict.denial or verdict.approval


def _quote(price: Decimal, previous: Decimal | None, now: datetime) -> QuoteView:
    return QuoteView(last=price, bid=price, ask=price, prev_close=previous, at=now, source="bars")
