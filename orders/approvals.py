"""Large orders wait for a person. At the click everything is judged again; an approval counts once and not for ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from common.enqueue import nudge
from common.errors import Conflict, NotFound
from orders import snapshot as snapshots
from orders.judging import Judge
from orders.models import Order
from orders.moving import Move, move_many
from orders.placing import lock_portfolio, record
from orders.states import OrderState
from orders.telling import announce_orders, settle
from orders.types import LIFETIME
from safety import switch

S = OrderState


def approve(*, user: Any, order_id: UUID, now: datetime, actor: str) -> Order:
    """Approve a waiting order: it is queued if the gate still agrees, and blocked with the reason if not.

    Raises NotFound, Conflict when it does not wait (any more) or waited too long.
    """
    with transaction.atomic():
        order = _waiting(user, order_id, now)
        portfolio, account = lock_portfolio(order.portfolio_id)
        order.approved_by, order.approved_at = actor[:80], now
        order.expires_at = now + LIFETIME
        switches = switch.load(portfolio.user_id)
        symbols = [order.instrument_id]
        taken = snapshots.take(portfolio, account, symbols=symbols, switches=switches, now=now, exclude=[order.pk])
        verdict, _ = Judge(taken, switches, user_id=portfolio.user_id).judge(order)
        to = record(order, verdict)
        if to == S.AWAITING_APPROVAL:
            raise Conflict(f"This approval does not cover what the gate asks for now: {order.reason}")
        note = f"approved by {actor}" if to == S.QUEUED else f"approved by {actor}, but now denied: {order.reason}"
        _write(order, to, note=note, user_id=portfolio.user_id, now=now)
        if to == S.QUEUED:
            nudge("orders.submit", queue="trading", portfolio_ids=[str(portfolio.pk)])
    return order


def decline(*, user: Any, order_id: UUID, now: datetime, actor: str) -> Order:
    """Say no to a waiting order. Raises NotFound, Conflict when it does not wait (any more)."""
    with transaction.atomic():
        order = _waiting(user, order_id, now)
        order.reason_code, order.reason = "DECLINED", f"Declined by {actor}."[:400]
        _write(order, S.DECLINED, note=order.reason, user_id=user.pk, now=now)
    return order


def _waiting(user: Any, order_id: UUID, now: datetime) -> Order:
    """The order under its portfolio's lock and its own."""
    found = Order.objects.filter(pk=order_id, portfolio__user=user).values_list("portfolio_id", flat=True).first()
    if found is None:
        raise NotFound(f"There is no order {order_id}.")
    lock_portfolio(found)
    order = Order.objects.select_for_update(no_key=True, of=("self",)).select_related("instrument").get(pk=order_id)
    if order.state != S.AWAITING_APPROVAL:
        raise Conflict(f"The order is {OrderState(order.state).label.lower()}: it does not wait for an approval.")
    if order.expires_at <= now:
        raise Conflict(f"The approval was possible until {order.expires_at:%H:%M:%S} UTC: place the order again.")
    return order


def _write(order: Order, to: OrderState, *, note: str, user_id: int, now: datetime) -> None:
    move_many([Move(order=order, to=to, note=note)], now=now, verdicts=True)
    announce_orders([order], user_id=user_id, now=now)
    settle([order])
