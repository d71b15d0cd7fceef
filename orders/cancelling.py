"""Cancel orders: here when they have not left, at the broker when they have."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from brokers.port import BrokerOrder
from brokers.registry import broker_for
from common.errors import Conflict, NotFound
from orders import fills
from orders.merging import adopt
from orders.models import Order
from orders.moving import move
from orders.placing import lock_portfolio
from orders.states import AT_BROKER, OrderState
from orders.telling import announce_orders, settle

S = OrderState
NOT_SENT = frozenset({S.AWAITING_APPROVAL, S.QUEUED})
ON_THE_WIRE = frozenset({S.SUBMITTING, S.UNKNOWN})


def cancel_order(*, user: Any, order_id: UUID, now: datetime, actor: str) -> Order:
    """Cancel what is left of a user's order; what filled stays filled. Cancelling twice is harmless.

    Raises NotFound, Conflict when the order is over or on its way this very moment, BrokerError when the broker
    does not answer.
    """
    order = Order.objects.filter(pk=order_id, portfolio__user=user).first()
    if order is None:
        raise NotFound(f"There is no order {order_id}.")
    return cancel(order, note=f"cancelled by {actor}", now=now)


def cancel(order: Order, *, note: str, now: datetime) -> Order:
    """Cancel one order; returns it as it is afterwards. See `cancel_order` for what it raises."""
    if not cancel_unsent(order.pk, note=note, now=now):
        cancel_sent(order.pk, now=now)
    return Order.objects.select_related("instrument").get(pk=order.pk)


def cancel_unsent(order_id: UUID, *, note: str, now: datetime) -> bool:
    """Cancel an order that has not left us; False when it has."""
    with transaction.atomic():
        order, user_id = _lock(order_id)
        if order.state not in NOT_SENT:
            return False
        order.reason_code, order.reason = "CANCELLED", note[:400]
        move(order, S.CANCELLED, now=now, note=note)
        announce_orders([order], user_id=user_id, now=now)
        settle([order])
        return True


def cancel_sent(order_id: UUID, *, now: datetime) -> None:
    """Cancel an order that is at the broker, and take over what the broker says became of it."""
    order = Order.objects.select_related("account").get(pk=order_id)
    if order.state == S.CANCELLED:
        return
    if order.state in ON_THE_WIRE:
        raise Conflict("The order is being sent this very moment: cancel it again in a few seconds.")
    if order.state not in AT_BROKER:
        raise Conflict(f"The order is {OrderState(order.state).label.lower()}: there is nothing left to cancel.")
    broker = broker_for(order.account, clock=lambda: now)
    if broker.local:
        with transaction.atomic():
            portfolio, account = lock_portfolio(order.portfolio_id)
            answer = broker.cancel(order.broker_order_id)
            fills.catch_up(portfolio=portfolio, account=account, broker=broker, now=now)
            _take_over(order_id, answer, now)
        return
    answer = broker.cancel(order.broker_order_id)
    fills.poll_executions(order.account, broker, now=now)
    with transaction.atomic():
        _take_over(order_id, answer, now)


def _take_over(order_id: UUID, answer: BrokerOrder, now: datetime) -> None:
    order, user_id = _lock(order_id)
    adopt(order, answer, user_id=user_id, now=now)


def _lock(order_id: UUID) -> tuple[Order, int]:
    """The order under its portfolio's lock, and its owner."""
    portfolio_id = Order.objects.values_list("portfolio_id", flat=True).get(pk=order_id)
    portfolio, _ = lock_portfolio(portfolio_id)
    return Order.objects.select_for_update(no_key=True).get(pk=order_id), portfolio.user_id
