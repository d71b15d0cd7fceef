"""One approval for a whole run: what a person is asked, what changed since, and the click."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from automation.rebalancing import starting, telling
from automation.rebalancing.deciding import PHASE_LASTS, RUN_LASTS
from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.moving import move
from automation.rebalancing.refusing import Refusal
from automation.rebalancing.states import RunState
from common.enqueue import nudge
from common.errors import Conflict, NotFound
from common.money import HUNDRED, plain
from orders.approvals import Via
from orders.asking import Change
from orders.placing import lock_portfolio
from orders.types import APPROVAL_LIFETIME
from portfolios.models import Portfolio
from safety.audit import append
from safety.case import money, percent
from safety.chain import Line, portfolio_chain
from safety.types import Snapshot

if TYPE_CHECKING:  # only orders opens the door to brokers; their account is handed through
    from brokers.models import BrokerAccount

S = RunState


def begin_to_wait(run: RebalanceRun, *, now: datetime) -> bool:
    """Put the run before its owner. Call in a transaction."""
    portfolio, account = lock_portfolio(run.portfolio_id)
    symbols = list(run.legs.values_list("instrument_id", flat=True))
    taken = starting.look(portfolio, account, symbols, run.action_id, now)
    moved = move(
        run,
        S.AWAITING_APPROVAL,
        now=now,
        approval_hash=run_hash(run),
        asked=standing(taken),
        expires_at=now + APPROVAL_LIFETIME,
        reason_code="APPROVAL_REQUIRED",
        reason=str(run.plan["asks"])[:400],
    )
    if moved:
        telling.ask(run, legs=run.legs.count(), now=now)
    return moved


def run_hash(run: RebalanceRun) -> str:
    """SHA-256 over everything about the run that makes a difference in money, and whose it is."""
    deal = {
        "run": str(run.pk),
        "portfolio": str(run.portfolio_id),
        "goal": str(run.goal_id),
        "targets": run.targets,
        "legs": [
            [leg.number, leg.side, leg.instrument_id, plain(leg.planned_quantity), plain(leg.planned_price)]
            for leg in run.legs.order_by("number")
        ],
    }
    return hashlib.sha256(json.dumps(deal, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def standing(taken: Snapshot) -> dict[str, Any]:
    """How things stand, as JSON."""
    killed = ", ".join(taken.switches.killed)
    return {
        "at": taken.now.isoformat(),
        "prices": {symbol: plain(quote.last) for symbol, quote in sorted(taken.quotes.items())},
        "cash": plain(taken.cash),
        "equity": None if taken.equity is None else plain(taken.equity),
        "open_orders": len(taken.in_flight),
        "trades": taken.trades_today,
        "turnover": plain(taken.turnover_today),
        "policy_version": taken.policy.version,
        "trading": f"stopped by the kill switch ({killed})" if killed else taken.switches.trading_state,
    }


def changes_of(run: RebalanceRun, *, now: datetime) -> list[Change]:
    """What changed since the run began to wait; nothing if it does not wait."""
    if run.state != S.AWAITING_APPROVAL or not run.asked:
        return []
    portfolio = run.portfolio
    symbols = list(run.legs.values_list("instrument_id", flat=True))
    then, at = run.asked, standing(starting.look(portfolio, portfolio.broker_account, symbols, run.action_id, now))
    prices = [
        _change(
            f"price:{symbol}",
            f"Price of {symbol}",
            then["prices"],
            at["prices"],
            lambda p, s=symbol: f"${p.get(s, '?')}",
        )
        for symbol in sorted({*then["prices"], *at["prices"]} & set(symbols))
    ]
    return [
        *prices,
        _change("cash", "Cash", then, at, lambda s: money(Decimal(s["cash"]))),
        _change(
            "equity", "Portfolio", then, at, lambda s: "unknown" if s["equity"] is None else money(Decimal(s["equity"]))
        ),
        _change("open_orders", "Open orders", then, at, lambda s: str(s["open_orders"])),
        _change("trades", "Orders today", then, at, lambda s: str(s["trades"])),
        _change("turnover", "Traded today", then, at, lambda s: money(Decimal(s["turnover"]))),
        _change("policy_version", "Limits", then, at, lambda s: f"version {s['policy_version']}"),
        _change("trading", "Trading", then, at, lambda s: str(s["trading"])),
    ]


def _change(name: str, label: str, then: Mapping[str, Any], at: Mapping[str, Any], words: Any) -> Change:
    before, now = words(then), words(at)
    return Change(name=name, label=label, before=before, now=now, changed=before != now)


@dataclass(frozen=True, kw_only=True)
class Click:
    """Who decides about which run, by which way, and why. There is no way for the agent: it can never approve."""

    user: Any
    run_id: UUID
    actor: str
    note: str = ""
    via: Via = Via.SESSION


def approve(click: Click, *, now: datetime) -> RebalanceRun:
    """Approve a waiting run: it goes on to its sells if everything is still so, and is blocked with the reason if not.

    Blocked as well when its legs are not those that were asked about (APPROVAL_MISMATCH), or when a price moved further
    than the policy's `approval_collar_pct` (APPROVAL_STALE). Raises NotFound, Conflict when it does not wait any more.
    """
    with transaction.atomic():
        run, portfolio, account = _waiting(click, now)
        refusal, taken = starting.rehearse_again(run, portfolio, account, now=now)
        refusal = _other_deal(run, taken) or refusal
        yes = {"approved_by": click.actor[:80], "approved_at": now, "approval_note": click.note[:300]}
        if refusal is not None:
            words = {"reason_code": refusal.code[:40], "reason": refusal.reason[:400]}
            move(run, S.BLOCKED, now=now, **yes, **words)
            telling.tell_end(run, now=now)
        else:
            times = {"begun_at": now, "until": now + PHASE_LASTS, "deadline": now + RUN_LASTS, "due_at": now}
            move(run, S.SELLING, now=now, **yes, **times, reason_code="", reason="")
            nudge("automation.rebalance", queue="trading", run_ids=[str(run.pk)])
        _audit(run, "approve", taken, click, now)
    return run


def decline(click: Click, *, now: datetime) -> RebalanceRun:
    """Say no to a waiting run. Raises NotFound, Conflict when it does not wait (any more)."""
    with transaction.atomic():
        run, _, _ = _waiting(click, now)
        reason = f"Declined by {click.actor}.{f' {click.note}' if click.note else ''}"[:400]
        move(run, S.DECLINED, now=now, approval_note=click.note[:300], reason_code="DECLINED", reason=reason)
        telling.tell_end(run, now=now)
        _audit(run, "decline", None, click, now)
    return run


def _waiting(click: Click, now: datetime) -> tuple[RebalanceRun, Portfolio, BrokerAccount]:
    """The run under its portfolio's lock and its own; a lease on it is over, since it waits."""
    found = RebalanceRun.objects.filter(pk=click.run_id, user=click.user).values_list("portfolio_id", flat=True).first()
    if found is None:
        raise NotFound(f"There is no run {click.run_id}.")
    portfolio, account = lock_portfolio(found)
    rows = RebalanceRun.objects.select_for_update(of=("self",)).select_related("goal", "portfolio")
    run = rows.get(pk=click.run_id)
    if run.state != S.AWAITING_APPROVAL or run.stop_code:
        state = "being cancelled" if run.stop_code else RunState(run.state).label.lower()
        raise Conflict(f"The run is {state}: it does not wait for an approval.")
    if run.expires_at <= now:
        raise Conflict(
            f"The approval was possible until {run.expires_at:%H:%M:%S} UTC: start the rebalance again.",
            code="approval_expired",
        )
    return run, portfolio, account


def _other_deal(run: RebalanceRun, taken: Snapshot) -> Refusal | None:
    """Why this is not what the person was asked about any more, if so: other legs, or other prices."""
    if run_hash(run) != run.approval_hash or not run.asked:
        return Refusal(
            code="APPROVAL_MISMATCH",
            reason="The run is not the one that was put before you: its legs were changed meanwhile. Start it again.",
        )
    limit = taken.policy.approval_collar_pct
    for symbol, text in run.asked["prices"].items():
        quote, then = taken.quotes.get(symbol), Decimal(text)
        if quote is None:
            return Refusal(code="APPROVAL_STALE", reason=f"{symbol} has no price to compare with. Start it again.")
        moved = abs(quote.last - then) * HUNDRED / then
        if moved > limit:
            return Refusal(
                code="APPROVAL_STALE",
                reason=f"{symbol} was at ${plain(then)} when you were asked and is at ${plain(quote.last)} now:"
                f" {percent(moved)} away, the limit is {percent(limit)}. Start the rebalance again.",
            )
    return None


def _audit(run: RebalanceRun, decision: str, taken: Snapshot | None, click: Click, now: datetime) -> None:
    """Who decided what, on which terms, at which prices."""
    data = {
        "decision": decision,
        "run": str(run.pk),
        "outcome": str(run.state),
        "reason_code": run.reason_code,
        "note": run.approval_note,
        "approval_hash": run.approval_hash,
        "prices_then": run.asked.get("prices", {}),
        "prices_now": {symbol: plain(quote.last) for symbol, quote in sorted(taken.quotes.items())} if taken else {},
    }
    line = Line(at=now, kind="approval", subject=str(run.pk), actor=click.actor, source=click.via.value, data=data)
    append(portfolio_chain(run.portfolio_id), [line])
