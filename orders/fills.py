"""Book what the broker executed: each execution once, into order, ledger and the person's inbox in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from alerts.models import Alert
from alerts.raising import raise_alert
from brokers.models import BrokerAccount
from brokers.port import Broker, BrokerError, BrokerFill
from brokers.registry import broker_for
from common.bulk import insert
from common.money import nano, plain
from orders.merging import adopt, state_after_fill
from orders.models import Fill, Order
from orders.moving import Move, move_many
from orders.placing import lock_portfolio
from orders.states import AT_BROKER, TERMINAL, OrderState
from orders.telling import announce_orders, tell_ends
from portfolios import ledger
from portfolios.models import Portfolio
from portfolios.types import FillBooking

log = logging.getLogger(__name__)


def ingest(
    *,
    portfolio: Portfolio,
    account: BrokerAccount,
    fills: Sequence[BrokerFill],
    now: datetime,
    loaded: Iterable[Order] = (),
) -> list[Order]:
    """Book the executions that are new; returns the orders they changed. Hold the portfolio's lock.

    `loaded`: orders of this portfolio read under that lock, so that they are not read again. Executions of orders
    that are not ours are left out: the reconciler raises the alarm about them.
    """
    known = set(
        Fill.objects.filter(execution_id__in=[f.execution_id for f in fills]).values_list("execution_id", flat=True)
    )
    fresh = {fill.execution_id: fill for fill in fills if fill.execution_id not in known}
    orders = {order.client_order_id: order for order in loaded}
    missing = {fill.client_order_id for fill in fresh.values()} - set(orders)
    if missing:
        found = Order.objects.filter(account=account, client_order_id__in=missing)
        orders.update({order.client_order_id: order for order in found})
    ours = [fill for fill in fresh.values() if fill.client_order_id in orders]
    if not ours:
        return []
    changed = {fill.client_order_id: orders[fill.client_order_id] for fill in ours}
    _add_up(ours, orders)
    moves = [Move(order=order, to=state_after_fill(order)) for order in changed.values()]
    late = [step.order for step in moves if step.order.state in TERMINAL and step.order.state == step.to]
    move_many(moves, now=now)
    insert(Fill, [_row(fill, orders[fill.client_order_id]) for fill in ours])
    bookings = [_booking(fill, orders[fill.client_order_id]) for fill in ours]
    ledger.book_fills(portfolio=portfolio, fills=bookings, now=now)
    announce_orders(changed.values(), user_id=portfolio.user_id, now=now)
    tell_ends(changed.values(), user_id=portfolio.user_id, now=now)
    for order in late:
        _tell_late(order, user_id=portfolio.user_id, now=now)
    return list(changed.values())


def _add_up(fills: Sequence[BrokerFill], orders: Mapping[str, Order]) -> None:
    for fill in fills:
        order = orders[fill.client_order_id]
        order.filled_quantity += fill.quantity
        order.filled_value = nano(order.filled_value + fill.quantity * fill.price)
        order.average_price = nano(order.filled_value / order.filled_quantity)
        order.broker_order_id = order.broker_order_id or fill.broker_order_id
        order.accepted_at = order.accepted_at or fill.at
        if order.quantity is not None and order.filled_quantity > order.quantity:
            raise OverFilled(order)


class OverFilled(Exception):
    """The broker executed more than was ordered: nothing is booked, the reconciler halts the account."""

    def __init__(self, order: Order) -> None:
        super().__init__(
            f"order {order.pk}: {plain(order.filled_quantity)} filled of {plain(order.quantity or Decimal(0))} ordered"
        )


def _row(fill: BrokerFill, order: Order) -> Fill:
    return Fill(
        order_id=order.pk,
        execution_id=fill.execution_id,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        at=fill.at,
    )


def _booking(fill: BrokerFill, order: Order) -> FillBooking:
    return FillBooking(
        source_id=fill.execution_id,
        symbol=order.instrument_id,
        side=order.side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        at=fill.at,
        trace_id=order.trace_id,
        order_id=order.pk,
    )


def _tell_late(order: Order, *, user_id: int, now: datetime) -> None:
    raise_alert(
        user_id=user_id,
        kind=Alert.Kind.DATA,
        severity=Alert.Severity.CRITICAL,
        title=f"A fill arrived for an order that was over: {order.instrument_id}",
        body=(
            f"The order was {OrderState(order.state).label.lower()} here when the broker reported an execution. "
            f"It is booked: {plain(order.filled_quantity)} shares in all. Check your position."
        ),
        symbol=order.instrument_id,
        data={"order": str(order.pk)},
        dedupe_key=f"order:{order.pk}:late-fill",
        trace_id=order.trace_id,
        now=now,
    )


def catch_up(
    *, portfolio: Portfolio, account: BrokerAccount, broker: Broker, now: datetime, loaded: Iterable[Order] = ()
) -> int:
    """Read and book a local broker's executions after the account's cursor; returns how many orders changed.

    Hold the portfolio's lock. A remote broker is read with `poll_executions`, which asks outside the lock.
    """
    return _book_page(portfolio, account, broker.fills_since(account.fills_cursor), now, loaded)


def _book_page(
    portfolio: Portfolio,
    account: BrokerAccount,
    fills: Sequence[BrokerFill],
    now: datetime,
    loaded: Iterable[Order] = (),
) -> int:
    if not fills:
        return 0
    changed = ingest(portfolio=portfolio, account=account, fills=fills, now=now, loaded=loaded)
    account.fills_cursor = fills[-1].cursor
    account.save(update_fields=["fills_cursor"])
    return len(changed)


def poll_accounts(*, now: datetime) -> int:
    """Read every account with working orders: executions first, then orders that ended. Returns how many changed."""
    working = BrokerAccount.objects.filter(orders__state__in=AT_BROKER).distinct().order_by("pk")
    return sum(poll_account(account, now=now) for account in working)


def poll_account(account: BrokerAccount, *, now: datetime) -> int:
    """Bring one account's orders up to date. A broker that does not answer is logged and left for later."""
    broker = broker_for(account, clock=lambda: now)
    try:
        changed = _read_executions(account, broker, now)
        open_ids = {order.client_order_id for order in broker.open_orders()}
        for order in Order.objects.filter(account=account, state__in=AT_BROKER).exclude(client_order_id__in=open_ids):
            changed += _refresh(order, broker, now)
    except BrokerError as error:
        log.warning("account %s was not polled: %s", account.pk, error.message)
        return 0
    except OverFilled as error:
        log.error("account %s: %s; the reconciler stops it", account.pk, error)
        return 0
    return changed


def poll_executions(account: BrokerAccount, broker: Broker, *, now: datetime) -> int:
    """Book what a remote broker executed since the cursor. A broker that does not answer is left for the next poll."""
    try:
        return _read_executions(account, broker, now)
    except BrokerError as error:
        log.warning("executions of account %s were not read: %s", account.pk, error.message)
        return 0
    except OverFilled as error:
        log.error("account %s: %s; the reconciler stops it", account.pk, error)
        return 0


def _read_executions(account: BrokerAccount, broker: Broker, now: datetime) -> int:
    changed = 0
    while True:
        page = broker.fills_since(account.fills_cursor)
        if not page:
            return changed
        with transaction.atomic():
            portfolio, fresh = lock_portfolio(account.portfolio_id)
            changed += _book_page(portfolio, fresh, page, now)
        account.fills_cursor = page[-1].cursor


def _refresh(order: Order, broker: Broker, now: datetime) -> int:
    """Ask for an order that is no longer among the open ones, and take over how it ended."""
    found = broker.find(order.client_order_id)
    if found is None:
        return 0  # the reconciler reports it
    with transaction.atomic():
        portfolio, _ = lock_portfolio(order.portfolio_id)
        fresh = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        return int(adopt(fresh, found, user_id=portfolio.user_id, now=now))
