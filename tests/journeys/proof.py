"""The proof that everything happened exactly once. Read from the rows, after the house has come to rest."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Sum

from alerts.models import Alert
from automation.models import OPEN_EXECUTIONS, Action, ActionExecution, RebalanceRun
from automation.rebalancing.states import OPEN as OPEN_RUNS
from brokers.adapters.paper import books
from brokers.models import BrokerAccount, PaperFill, PaperOrder
from common.clock import now
from live.models import Event
from orders.models import Fill, Order, OrderTransition
from orders.reconciling import reconcile_account
from portfolios.auditing import audit
from portfolios.models import Holding, LedgerEntry, Portfolio
from safety.models import AuditEntry
from safety.verifying import verify
from tests.journeys.people import Person, order_of
from tests.journeys.waiting import eventually

MOVING = ("proposed", "queued", "submitting", "unknown")


def at_rest() -> None:
    """Until nothing is under way any more; orders that rest at the broker may stay."""

    def still_moving() -> bool:
        resting = Order.objects.filter(state__in=("accepted", "partially_filled", "awaiting_approval"))
        working = ActionExecution.objects.filter(state__in=OPEN_EXECUTIONS)
        waiting = {str(pk) for pk in working.values_list("id", flat=True)} - set(
            resting.values_list("source_id", flat=True)
        )
        return bool(
            waiting
            or RebalanceRun.objects.filter(state__in=OPEN_RUNS).exclude(state="awaiting_approval").exists()
            or Order.objects.filter(state__in=MOVING).exists()
            or Event.objects.filter(seq=None).exists()
        )

    eventually(lambda: not still_moving(), "executions, orders and events came to rest", seconds=90)


def last_words() -> str:
    """The newest firings and their orders, for a failed test."""
    lines = []
    for execution in ActionExecution.objects.select_related("action").order_by("-triggered_at")[:12]:
        order = Order.objects.filter(source_id=str(execution.id)).first()
        lines.append(
            f"{execution.triggered_at:%H:%M:%S} {execution.action} {execution.state} attempts={execution.attempts}"
            f" {execution.reason_code} {execution.error}"
            + (f" / order {order.state} {order.filled_quantity} {order.reason}" if order else " / no order")
        )
    return "\n".join(lines)


def everything_in_order(since: datetime | None = None) -> None:
    """What must be true of every account (of those opened `since`) at any moment of rest."""
    at_rest()
    once_per_firing()
    audit_verifies(whole=since is None)
    accounts = BrokerAccount.objects.select_related("portfolio")
    for account in accounts.filter(created_at__gte=since) if since else accounts:
        books_agree(account)


def once_per_firing() -> None:
    """At most one order per firing, one paper order per order, one booking per execution at the broker."""
    orders = Counter(Order.objects.filter(source_kind="action_execution").values_list("source_id", flat=True))
    doubled = [source for source, count in orders.items() if count > 1]
    assert not doubled, f"two orders for one firing: {doubled}"
    for run in RebalanceRun.objects.all():
        placed = Order.objects.filter(source_kind="rebalance_run", source_id=str(run.pk)).count()
        assert placed <= run.legs.count(), f"{placed} orders for {run.legs.count()} legs of {run.pk}"
    for action in Action.objects.exclude(max_executions=None):
        counted = action.executions.filter(state__in=(*OPEN_EXECUTIONS, "succeeded")).count()
        assert counted <= action.max_executions, f"{action} fired {counted} times of {action.max_executions}"
    ours = set(Fill.objects.values_list("execution_id", "quantity", "price"))
    theirs = {(str(pk), quantity, price) for pk, quantity, price in PaperFill.objects.values_list(
        "execution_id", "quantity", "price")}  # fmt: skip
    assert ours == theirs, f"booked and executed differ: {ours ^ theirs}"
    booked = LedgerEntry.objects.filter(kind__in=("buy", "sell")).values_list("source_id", flat=True)
    assert Counter(booked) == Counter(execution for execution, _, _ in ours)
    here = set(Order.objects.exclude(accepted_at=None).values_list("client_order_id", flat=True))
    there = set(PaperOrder.objects.values_list("client_order_id", flat=True))
    assert here == there, f"only on one side: {here ^ there}"


def audit_verifies(*, whole: bool) -> None:
    """The audit log is unbroken, and every step of every order is in it."""
    damaged = [found.damage for found in verify(now=now(), since_last=not whole) if found.damage]
    assert not damaged, damaged
    steps = OrderTransition.objects.values("order").annotate(steps=Count("pk")).values_list("order", "steps")
    entries = AuditEntry.objects.filter(kind="order").values("subject").annotate(steps=Count("pk"))
    assert dict(entries.values_list("subject", "steps")) == {str(order): count for order, count in steps}


def books_agree(account: BrokerAccount) -> None:
    """Ledger = lots = holdings = cash, and the paper broker says the same."""
    portfolio = account.portfolio
    assert audit(portfolio) == [], portfolio
    held = dict(
        Holding.objects.filter(portfolio=portfolio).exclude(quantity=0).values_list("instrument_id", "quantity")
    )
    assert held == books.positions(account)
    assert Portfolio.objects.get(pk=portfolio.pk).cash == books.cash(account)

    def reconciled() -> bool:
        report = reconcile_account(account, now=now())
        assert report.mismatches == (), report
        return not report.busy  # the sweeper may be at it

    eventually(reconciled, "the reconciler compared the account")


def traded_once(action: Action, *, quantity: int = 5, times: int = 1) -> list[Order]:
    """The action's firings each made one order, filled once, booked once, told once. Returns the orders."""
    executions = list(action.executions.order_by("epoch"))
    assert [execution.state for execution in executions] == ["succeeded"] * times, [
        (execution.state, execution.reason_code, execution.error) for execution in executions
    ]
    orders = [order_of(execution) for execution in executions]
    for execution, order in zip(executions, orders, strict=True):
        assert (order.state, order.filled_quantity) == ("filled", Decimal(quantity)), order.reason
        assert PaperOrder.objects.filter(client_order_id=order.client_order_id).count() == 1
        fills = Fill.objects.filter(order=order)
        assert fills.aggregate(sum=Sum("quantity"))["sum"] == quantity
        entries = LedgerEntry.objects.filter(source_id__in=fills.values("execution_id"), kind=order.side)
        assert entries.count() == fills.count()
        assert abs(sum(entry.quantity for entry in entries)) == quantity
        told(execution, order)
    return orders


def told(execution: ActionExecution, order: Order) -> None:
    """The owner heard of the firing and of the fill, once each, under the firing's trace."""
    alerts = Alert.objects.filter(user=execution.action.user_id, trace_id=execution.trace_id)
    kinds = Counter(alerts.values_list("kind", flat=True))
    assert kinds["firing"] == 1, kinds
    assert kinds["fill"] == 1, kinds
    assert order.trace_id == execution.trace_id


def nothing_happened(person: Person) -> None:
    """Not one firing, order or booking of this person's rules."""
    assert not ActionExecution.objects.filter(action__user=person.user).exists()
    assert not Order.objects.filter(portfolio=person.portfolio).exists()
