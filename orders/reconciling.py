"""Compare our books with the broker's: orders, executions, positions, cash. Differences are shown, never overwritten.

Any open mismatch stops new risk on the account (the gate's RECONCILING) until a later pass finds it gone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alert, raise_alerts
from brokers.models import BrokerAccount
from brokers.port import Broker, BrokerAccountState, BrokerError, BrokerOrder
from brokers.registry import broker_for
from common.money import ZERO, plain
from orders import fills
from orders.models import Mismatch, Order
from orders.placing import lock_portfolio
from orders.states import AT_BROKER, TERMINAL, OrderState
from orders.telling import describe
from portfolios.models import Holding, Portfolio

log = logging.getLogger(__name__)
S = OrderState
Kind = Mismatch.Kind
LOCK_SPACE = 0x7265_636F  # first key of the advisory locks that make a reconciler the only one of its account
EXPLAINED = {
    Kind.ORPHAN: "There is an order at the broker that did not come from here",
    Kind.MISSING: "The broker does not know an order that is open here",
    Kind.STATE: "An order that is over here is open at the broker",
    Kind.FILLS: "An order has another filled quantity at the broker",
    Kind.POSITION: "A position has another size at the broker",
    Kind.CASH: "The cash balance is another at the broker",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing the two books disagree about."""

    kind: str
    subject: str
    ours: str
    theirs: str

    @property
    def sentence(self) -> str:
        """For people."""
        return f"{EXPLAINED[Kind(self.kind)]}: {self.subject}, {self.ours} here, {self.theirs} there."


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What comparing one account found. `error`: why it could not be compared; `busy`: because another one does."""

    account_id: UUID
    mismatches: tuple[Difference, ...] = ()
    error: str = ""
    busy: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Theirs:
    """The broker's side."""

    state: BrokerAccountState
    positions: dict[str, Decimal]
    open_orders: dict[str, BrokerOrder]


def reconcile(*, now: datetime, account_ids: Sequence[UUID] | None = None) -> list[Report]:
    """Compare every account (or these)."""
    accounts = BrokerAccount.objects.order_by("pk")
    if account_ids is not None:
        accounts = accounts.filter(pk__in=account_ids)
    return [reconcile_account(account, now=now) for account in accounts]


def reconcile_account(account: BrokerAccount, *, now: datetime) -> Report:
    """Take over what the broker knows better (executions, ended orders), then compare the rest and record it."""
    with _only_one(account) as alone:
        if not alone:
            return Report(account_id=account.pk, error="Another reconciler is at work.", busy=True)
        broker = broker_for(account, clock=lambda: now)
        try:
            fills.poll_account(account, now=now)
            _cancel_ghosts(account, broker, now)
            found = _compare(account, broker)
            if found and not broker.local:
                # The two sides were read at two moments: only what a second look confirms is real.
                fills.poll_account(account, now=now)
                again = _compare(account, broker)
                found = [difference for difference in found if difference in again]
            blocked = broker.account().blocked_reason
        except BrokerError as error:
            log.warning("account %s was not reconciled: %s", account.pk, error.message)
            return Report(account_id=account.pk, error=error.message)
        _record(account, found, blocked, now)
    return Report(account_id=account.pk, mismatches=tuple(found))


@contextmanager
def _only_one(account: BrokerAccount) -> Iterator[bool]:
    key = account.pk.int & 0x7FFF_FFFF
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, key])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, key])


def _cancel_ghosts(account: BrokerAccount, broker: Broker, now: datetime) -> None:
    """Cancel orders that turned up at the broker after we had given them up, and tell."""
    open_there = {order.client_order_id: order for order in broker.open_orders()}
    given_up = Order.objects.filter(account=account, client_order_id__in=open_there, state__in=TERMINAL)
    for order in given_up.select_related("portfolio"):
        broker.cancel(open_there[order.client_order_id].broker_order_id)
        raise_alert(
            user_id=order.portfolio.user_id,
            kind=Alert.Kind.DATA,
            severity=Alert.Severity.CRITICAL,
            title=f"A lost order turned up at the broker and was cancelled: {describe(order)}",
            body=f"Here it was {OrderState(order.state).label.lower()}. Check your position.",
            symbol=order.instrument_id,
            data={"order": str(order.pk)},
            dedupe_key=f"order:{order.pk}:ghost",
            trace_id=order.trace_id,
            now=now,
        )


def _compare(account: BrokerAccount, broker: Broker) -> list[Difference]:
    if broker.local:
        with transaction.atomic():  # under the lock that all trading of the account takes: one moment for both sides
            portfolio, _ = lock_portfolio(account.portfolio_id)
            return _differences(portfolio, account, _theirs(broker), broker)
    theirs = _theirs(broker)
    return _differences(Portfolio.objects.get(pk=account.portfolio_id), account, theirs, broker)


def _theirs(broker: Broker) -> Theirs:
    return Theirs(
        state=broker.account(),
        positions={position.symbol: position.quantity for position in broker.positions()},
        open_orders={order.client_order_id: order for order in broker.open_orders()},
    )


def _differences(portfolio: Portfolio, account: BrokerAccount, theirs: Theirs, broker: Broker) -> list[Difference]:
    found = [*_orders(account, theirs, broker), *_positions(portfolio, theirs)]
    if portfolio.cash != theirs.state.cash:
        found.append(_difference(Kind.CASH, portfolio.base_currency, portfolio.cash, theirs.state.cash))
    return found


def _orders(account: BrokerAccount, theirs: Theirs, broker: Broker) -> Iterator[Difference]:
    known = {
        order.client_order_id: order
        for order in Order.objects.filter(account=account, client_order_id__in=theirs.open_orders)
    }
    for client_order_id, there in theirs.open_orders.items():
        here = known.get(client_order_id)
        if here is None:
            yield Difference(kind=Kind.ORPHAN, subject=client_order_id, ours="none", theirs=there.status)
        elif OrderState(here.state) in TERMINAL:
            yield Difference(kind=Kind.STATE, subject=client_order_id, ours=here.state, theirs=there.status)
        elif here.state in AT_BROKER and here.filled_quantity != there.filled_quantity:
            yield _difference(Kind.FILLS, client_order_id, here.filled_quantity, there.filled_quantity)
    gone = Order.objects.filter(account=account, state__in=AT_BROKER).exclude(client_order_id__in=theirs.open_orders)
    for order in gone:
        there_now = broker.find(order.client_order_id)
        if there_now is None:
            yield Difference(kind=Kind.MISSING, subject=order.client_order_id, ours=order.state, theirs="none")
        elif there_now.filled_quantity != order.filled_quantity:
            yield _difference(Kind.FILLS, order.client_order_id, order.filled_quantity, there_now.filled_quantity)


def _positions(portfolio: Portfolio, theirs: Theirs) -> Iterator[Difference]:
    held = Holding.objects.filter(portfolio=portfolio).exclude(quantity=0)
    ours = dict(held.values_list("instrument_id", "quantity"))
    for symbol in sorted({*ours, *theirs.positions}):
        here, there = ours.get(symbol, ZERO), theirs.positions.get(symbol, ZERO)
        if here != there:
            yield _difference(Kind.POSITION, symbol, here, there)


def _difference(kind: str, subject: str, ours: Decimal, theirs: Decimal) -> Difference:
    return Difference(kind=kind, subject=subject, ours=plain(ours), theirs=plain(theirs))


def _record(account: BrokerAccount, found: Sequence[Difference], blocked: str, now: datetime) -> None:
    """Keep one open row per difference, close those that are gone, stop or free the account, tell what is new."""
    with transaction.atomic():
        portfolio, fresh = lock_portfolio(account.portfolio_id)
        still = {(row.kind, row.subject): row for row in Mismatch.objects.filter(account=fresh, resolved_at=None)}
        new = []
        for difference in found:
            row = still.pop((difference.kind, difference.subject), None)
            if row is None:
                row = Mismatch(account=fresh, kind=difference.kind, subject=difference.subject, first_seen_at=now)
                new.append((row, difference))
            row.ours, row.theirs, row.last_seen_at = difference.ours, difference.theirs, now
            row.save()
        Mismatch.objects.filter(pk__in=[row.pk for row in still.values()]).update(resolved_at=now)
        fresh.mismatch = found[0].sentence[:400] if found else ""
        fresh.blocked_reason = blocked[:200]
        fresh.reconciled_at = now
        fresh.save(update_fields=["mismatch", "blocked_reason", "reconciled_at"])
        raise_alerts(
            [
                NewAlert(
                    user_id=portfolio.user_id,
                    kind=Alert.Kind.DATA,
                    severity=Alert.Severity.CRITICAL,
                    title=f"{EXPLAINED[Kind(difference.kind)]}: {difference.subject}",
                    body=f"{difference.sentence} New risk in {portfolio.name} is stopped until it is cleared up.",
                    data={"account": str(fresh.pk), "mismatch": row.pk, "kind": difference.kind},
                    dedupe_key=f"mismatch:{row.pk}",
                )
                for row, difference in new
            ],
            now,
        )
