"""Cancel orders: here when they have not left, at the broker when they have."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from brokers.models import BrokerAccount
from brokers.port import BrokerError, is_local
from brokers.registry import broker_for
from common.errors import Conflict, NotFound
from orders import fills
from orders.auditing import ENGINE
from orders.merging import adopt, merge
from orders.models import Order
from orders.moving import Move, move_many
from orders.placing import lock_portfolio
from orders.states import AT_BROKER, OrderState
from orders.telling import announce_orders, settle, tell_ends

log = logging.getLogger(__name__)
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
    return cancel(order, note=f"cancelled by {actor}", actor=actor, now=now)


def cancel(order: Order, *, note: str, now: datetime, actor: str = ENGINE) -> Order:
    """Cancel one order; returns it as it is afterwards. See `cancel_order` for what it raises."""
    if order.state in NOT_SENT:
        _cancel_unsent(order.portfolio_id, [order.pk], note, actor, now)
    if Order.objects.values_list("state", flat=True).get(pk=order.pk) != S.CANCELLED:
        cancel_sent(order.pk, actor=actor, now=now)
    return Order.objects.select_related("instrument").get(pk=order.pk)


def cancel_sent(order_id: UUID, *, now: datetime, actor: str = ENGINE) -> None:
    """Cancel an order that is at the broker, and take over what the broker says became of it."""
    order = Order.objects.select_related("account").get(pk=order_id)
    if order.state == S.CANCELLED:
        return
    if order.state in ON_THE_WIRE:
        raise Conflict("The order is being sent this very moment: cancel it again in a few seconds.")
    if order.state not in AT_BROKER:
        raise Conflict(f"The order is {OrderState(order.state).label.lower()}: there is nothing left to cancel.")
    broker = broker_for(order.account, clock=lambda: now)
    if is_local(broker):
        _cancel_local(order.portfolio_id, [order_id], actor=actor, now=now)
        return
    answer = broker.cancel(order.broker_order_id)
    fills.poll_executions(order.account, broker, now=now)
    with transaction.atomic():
        fresh, user_id = _lock(order_id)
        adopt(fresh, answer, user_id=user_id, now=now)


def cancel_all(orders: QuerySet[Order], *, note: str, now: datetime, actor: str = ENGINE) -> None:
    """Cancel everything among `orders` that can be cancelled now. `actor`: who wants it, for the audit log.

    The unsent orders of a portfolio are one batch, so are those at an embedded broker. What a remote broker does not
    cancel is logged and left as it is.
    """
    accounts = BrokerAccount.objects.filter(pk__in=orders.filter(state__in=NOT_SENT | AT_BROKER).values("account"))
    for account in accounts.order_by("pk"):
        own = orders.filter(account=account).order_by("created_at", "pk")
        unsent = own.filter(state__in=NOT_SENT).values_list("pk", flat=True)
        _cancel_unsent(account.portfolio_id, unsent, note, actor, now)
        at_broker = list(own.filter(state__in=AT_BROKER).values_list("pk", flat=True))
        if broker_for(account).local:
            _cancel_local(account.portfolio_id, at_broker, actor=actor, now=now)
            continue
        for order_id in at_broker:
            _try_to_cancel(order_id, actor=actor, now=now)


def _cancel_unsent(portfolio_id: UUID, order_ids: Iterable[UUID], note: str, actor: str, now: datetime) -> None:
    with transaction.atomic():
        portfolio, _ = lock_portfolio(portfolio_id)
        rows = Order.objects.filter(pk__in=list(order_ids), state__in=NOT_SENT).defer("verdict", "facts")
        orders = list(rows.select_for_update(no_key=True).order_by("created_at", "pk"))
        for order in orders:
            order.reason_code, order.reason = "CANCELLED", note[:400]
        moved = move_many([Move(order=order, to=S.CANCELLED, note=note, actor=actor) for order in orders], now=now)
        announce_orders(moved, user_id=portfolio.user_id, now=now)
        settle(moved)


def _cancel_local(portfolio_id: UUID, order_ids: Sequence[UUID], *, actor: str, now: datetime) -> None:
    if not order_ids:
        return
    with transaction.atomic():
        portfolio, account = lock_portfolio(portfolio_id)
        broker = broker_for(account, clock=lambda: now)
        rows = Order.objects.filter(pk__in=order_ids, state__in=AT_BROKER).defer("verdict", "facts")
        orders = list(rows.select_for_update(no_key=True).order_by("created_at", "pk"))
        if not is_local(broker) or not orders:
            return
        answers = {a.client_order_id: a for a in broker.cancel_many([order.broker_order_id for order in orders])}
        fills.catch_up(portfolio=portfolio, account=account, broker=broker, now=now, loaded=orders)
        steps = [merge(order, answers[order.client_order_id], now=now) for order in orders if order.state in AT_BROKER]
        steps = [replace(step, actor=actor) for step in steps if step.to != step.order.state]
        moved = move_many(steps, now=now)
        announce_orders(moved, user_id=portfolio.user_id, now=now)
        tell_ends(moved, user_id=portfolio.user_id, now=now)


def _try_to_cancel(order_id: UUID, *, actor: str, now: datetime) -> None:
    try:
        cancel_sent(order_id, actor=actor, now=now)
    except BrokerError as error:
        log.warning("order %s was not cancelled yet: %s", order_id, error.message)
    except Conflict as error:
        log.info("order %s moved while it was cancelled: %s", order_id, error.detail)


def _lock(order_id: UUID) -> tuple[Order, int]:
    """The order under its portfolio's lock, and its owner."""
    portfolio_id = Order.objects.values_list("portfolio_id", flat=True).get(pk=order_id)
    portfolio, _ = lock_portfolio(portfolio_id)
    return Order.objects.select_for_update(no_key=True).get(pk=order_id), portfolio.user_id
