"""Large orders wait for a person. At the click everything is judged again; an approval counts once and not for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction

from brokers.models import BrokerAccount
from common.enqueue import nudge
from common.errors import Conflict, NotFound
from orders import asking
from orders import snapshot as snapshots
from orders.judging import Judge
from orders.models import Order
from orders.moving import Move, move_many
from orders.placing import lock_portfolio, record
from orders.states import OrderState
from orders.telling import announce_orders, settle
from orders.types import LIFETIME
from portfolios.models import Portfolio
from safety import switch
from safety.audit import append
from safety.chain import Line, portfolio_chain
from safety.types import Snapshot, Verdict

S = OrderState


class Via(StrEnum):
    """How the person proved who they are. There is none for the agent, on purpose: it can never approve.

    The site's session and a JWT both need the password. A personal token must have been given the scope `approve`.
    """

    SESSION = "session"
    JWT = "jwt"
    TOKEN = "token"


@dataclass(frozen=True, kw_only=True)
class Question:
    """An order that waits, and what changed since it began to. `seconds_left` until it expires."""

    order: Order
    changes: list[asking.Change]
    seconds_left: int


def approve(*, user: Any, order_id: UUID, now: datetime, actor: str, note: str = "", via: Via = Via.SESSION) -> Order:
    """Approve a waiting order: it is queued if the gate still agrees, and blocked with the reason if not.

    Blocked as well when its terms are not those that were asked about (APPROVAL_MISMATCH), or when the price moved
    further than the policy's `approval_collar_pct` (APPROVAL_STALE). Raises NotFound, Conflict when it does not wait
    (any more) or waited too long.
    """
    with transaction.atomic():
        order, portfolio, account = _waiting(user, order_id, now)
        order.approved_by, order.approved_at, order.approval_note = actor[:80], now, note[:300]
        order.expires_at = now + LIFETIME
        verdict, taken = _judge(order, portfolio, account, now)
        to = record(order, verdict)
        if to == S.AWAITING_APPROVAL:
            raise Conflict(f"This approval does not cover what the gate asks for now: {order.reason}")
        words = f"approved by {actor}" if to == S.QUEUED else f"approved by {actor}, but now denied: {order.reason}"
        _write(order, to, note=words, actor=actor, user_id=portfolio.user_id, now=now)
        _audit(order, "approve", taken, actor=actor, via=via, now=now)
        if to == S.QUEUED:
            nudge("orders.submit", queue="trading", portfolio_ids=[str(portfolio.pk)])
    return order


def decline(*, user: Any, order_id: UUID, now: datetime, actor: str, note: str = "", via: Via = Via.SESSION) -> Order:
    """Say no to a waiting order. Raises NotFound, Conflict when it does not wait (any more)."""
    with transaction.atomic():
        order, portfolio, _ = _waiting(user, order_id, now)
        order.approval_note = note[:300]
        order.reason_code, order.reason = "DECLINED", f"Declined by {actor}.{f' {note}' if note else ''}"[:400]
        _write(order, S.DECLINED, note=order.reason, actor=actor, user_id=portfolio.user_id, now=now)
        _audit(order, "decline", None, actor=actor, via=via, now=now)
    return order


def questions(orders: Sequence[Order], *, now: datetime) -> list[Question]:
    """The waiting orders, each with what changed since it began to wait. One snapshot per portfolio.

    An order that does not wait has no changes.
    """
    open_now = [order for order in orders if order.state == S.AWAITING_APPROVAL]
    taken = {}
    for portfolio_id in sorted({order.portfolio_id for order in open_now}):
        symbols = {order.instrument_id for order in open_now if order.portfolio_id == portfolio_id}
        taken[portfolio_id] = _look(portfolio_id, symbols, now)
    return [
        Question(order=order, changes=_changes(order, taken.get(order.portfolio_id)), seconds_left=_left(order, now))
        for order in orders
    ]


def _look(portfolio_id: UUID, symbols: set[str], now: datetime) -> Snapshot:
    """For looking only, so without a lock."""
    account = BrokerAccount.objects.select_related("portfolio").get(portfolio=portfolio_id)
    switches = switch.load(account.portfolio.user_id)
    return snapshots.take(account.portfolio, account, symbols=symbols, switches=switches, now=now)


def _changes(order: Order, taken: Snapshot | None) -> list[asking.Change]:
    if taken is None or order.state != S.AWAITING_APPROVAL:
        return []
    return asking.changes(order.asked, asking.standing(order, asking.without(taken, order)))


def _left(order: Order, now: datetime) -> int:
    return asking.seconds_left(order, now) if order.state == S.AWAITING_APPROVAL else 0


def _waiting(user: Any, order_id: UUID, now: datetime) -> tuple[Order, Portfolio, BrokerAccount]:
    """The order under its portfolio's lock and its own."""
    found = Order.objects.filter(pk=order_id, portfolio__user=user).values_list("portfolio_id", flat=True).first()
    if found is None:
        raise NotFound(f"There is no order {order_id}.")
    portfolio, account = lock_portfolio(found)
    order = Order.objects.select_for_update(no_key=True, of=("self",)).select_related("instrument").get(pk=order_id)
    if order.state != S.AWAITING_APPROVAL:
        raise Conflict(f"The order is {OrderState(order.state).label.lower()}: it does not wait for an approval.")
    if order.expires_at <= now:
        raise Conflict(
            f"The approval was possible until {order.expires_at:%H:%M:%S} UTC: place the order again.",
            code="approval_expired",
        )
    return order, portfolio, account


def _judge(order: Order, portfolio: Portfolio, account: BrokerAccount, now: datetime) -> tuple[Verdict, Snapshot]:
    """The gate's verdict now, after the two questions only an approval has; and what it was made by."""
    switches = switch.load(portfolio.user_id)
    symbols = [order.instrument_id]
    taken = snapshots.take(portfolio, account, symbols=symbols, switches=switches, now=now, exclude=[order.pk])
    verdict, _ = Judge(taken, switches, user_id=portfolio.user_id).judge(order)
    refused = asking.reason_to_refuse(order, taken)
    if refused is not None:
        verdict = Verdict(results=(refused, *verdict.results), policy_version=verdict.policy_version)
    return verdict, taken


def _write(order: Order, to: OrderState, *, note: str, actor: str, user_id: int, now: datetime) -> None:
    move_many([Move(order=order, to=to, note=note, actor=actor)], now=now, verdicts=True)
    announce_orders([order], user_id=user_id, now=now)
    settle([order])


def _audit(order: Order, decision: str, taken: Snapshot | None, *, actor: str, via: Via, now: datetime) -> None:
    """Who decided what, on which terms, at which price."""
    quote = taken.quotes.get(order.instrument_id) if taken else None
    data = {
        "decision": decision,
        "outcome": str(order.state),
        "reason_code": order.reason_code,
        "note": order.approval_note,
        "approval_hash": order.approval_hash,
        "price_then": order.asked.get("price"),
        "price_now": None if quote is None else str(quote.last),
    }
    line = Line(at=now, kind="approval", subject=str(order.pk), actor=actor, source=via.value, data=data)
    append(portfolio_chain(order.portfolio_id), [line])
