"""The books against the broker's: differences are shown, stop new risk, and go when they are gone."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from alerts.models import Alert
from brokers.models import BrokerAccount, PaperFill, PaperOrder
from brokers.port import BrokerStatus
from orders.models import Mismatch, Order
from orders.placing import place
from orders.reconciling import LOCK_SPACE, reconcile, reconcile_account
from orders.submitting import submit_many
from portfolios.ledger import deposit, open_position
from tests.orders.making import NOW, Desk, quote
from tests.orders.remote import go_remote

pytestmark = pytest.mark.django_db


def bought(desk: Desk, **changes) -> Order:
    order = place(desk.intent(**changes), now=NOW)
    submit_many([order.pk], now=NOW)
    order.refresh_from_db()
    return order


def found(desk: Desk, now=NOW) -> list[tuple[str, str, str, str]]:
    report = reconcile_account(BrokerAccount.objects.get(pk=desk.account.pk), now=now)
    assert report.error == ""
    return [(d.kind, d.subject, d.ours, d.theirs) for d in report.mismatches]


def test_the_paper_broker_agrees(desk):
    open_position(portfolio=desk.portfolio, symbol="MSFT", quantity=D(7), price=D(90), at=NOW, now=NOW)
    deposit(portfolio=desk.portfolio, amount=D("12.34"), now=NOW)
    bought(desk)
    bought(desk, symbol="MSFT", side="sell", quantity=D("0.123456789"))
    bought(desk, symbol="NVDA", order_type="limit", limit_price=D(95))
    assert found(desk) == []
    account = BrokerAccount.objects.get()
    assert (account.reconciled_at, account.mismatch) == (NOW, "")


def test_a_difference_in_the_paper_book_is_found(desk):
    bought(desk)
    PaperFill.objects.update(quantity=D(9))
    assert found(desk) == [
        ("position", "AAPL", "10", "9"),
        ("cash", "USD", "98999.9", "99099.91"),
    ]


def test_an_orphan_stops_new_risk_until_it_is_gone(desk):
    exchange = go_remote(desk)
    order = bought(desk)
    orphan = replace(exchange.orders[order.client_order_id], client_order_id="by-hand", broker_order_id="b9")
    exchange.orders["by-hand"] = orphan
    assert found(desk) == [("orphan", "by-hand", "none", "accepted")]
    assert found(desk, NOW + timedelta(seconds=1)) == [("orphan", "by-hand", "none", "accepted")]
    row = Mismatch.objects.get()
    assert (row.first_seen_at, row.last_seen_at, row.resolved_at) == (NOW, NOW + timedelta(seconds=1), None)
    alert = Alert.objects.get()
    assert (alert.kind, alert.severity) == ("data", "critical")
    assert alert.title == "There is an order at the broker that did not come from here: by-hand"
    blocked = place(desk.intent(symbol="MSFT"), now=NOW)
    assert blocked.reason_code == "RECONCILING"
    exchange.orders["by-hand"] = replace(orphan, status=BrokerStatus.CANCELLED)
    assert found(desk, NOW + timedelta(seconds=2)) == []
    assert Mismatch.objects.get().resolved_at == NOW + timedelta(seconds=2)
    assert place(desk.intent(symbol="MSFT"), now=NOW).state == "queued"


def test_executions_that_were_missed_are_taken_over_not_reported(desk):
    exchange = go_remote(desk)
    order = bought(desk)
    exchange.tell([exchange.fill(order.client_order_id, D(10), D(100), NOW)])
    assert found(desk) == []
    order.refresh_from_db()
    assert order.state == "filled"


def test_what_the_broker_does_not_know(desk):
    exchange = go_remote(desk)
    order = bought(desk)
    exchange.orders.clear()
    assert found(desk) == [("missing", order.client_order_id, "accepted", "none")]


def test_another_filled_quantity(desk):
    exchange = go_remote(desk)
    order = bought(desk)
    exchange.fill(order.client_order_id, D(4), D(100), NOW)  # the feed never tells
    assert found(desk) == [
        ("fills", order.client_order_id, "0", "4"),
        ("position", "AAPL", "0", "4"),
        ("cash", "USD", "100000", "99600"),
    ]


def test_an_order_given_up_that_turns_up_is_cancelled(desk):
    exchange = go_remote(desk)
    exchange.faults = ["timeout_after"]
    order = bought(desk)
    live = exchange.orders.pop(order.client_order_id)  # invisible: an outage at the broker
    later = NOW + timedelta(minutes=3)
    submit_many([order.pk], now=later)
    order.refresh_from_db()
    assert order.state == "not_accepted"
    exchange.orders[order.client_order_id] = live
    assert found(desk, later) == []
    assert exchange.orders[order.client_order_id].status is BrokerStatus.CANCELLED
    assert Alert.objects.get(dedupe_key=f"order:{order.pk}:ghost").severity == "critical"


def test_an_unreachable_broker_is_an_error_not_a_mismatch(desk):
    go_remote(desk).down = True
    report = reconcile_account(desk.account, now=NOW)
    assert (report.error, report.mismatches) == ("connection refused", ())
    assert not Mismatch.objects.exists()


def test_the_command(desk, other):
    out = StringIO()
    call_command("reconcile", stdout=out)
    assert out.getvalue().count("agrees") == 2
    bought(desk)
    PaperOrder.objects.update(status="accepted", closed_at=None)
    PaperFill.objects.all().delete()
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 2 accounts do not agree"):
        call_command("reconcile", "--json", stdout=out)
    printed = {row["account_id"]: row["mismatches"] for row in json.loads(out.getvalue())}
    assert printed[str(other.account.pk)] == []
    assert {d["kind"] for d in printed[str(desk.account.pk)]} == {"position", "cash"}


@pytest.mark.django_db(transaction=True)
def test_one_reconciler_per_account(desk):
    import psycopg

    key = desk.account.pk.int & 0x7FFF_FFFF
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as someone:
        someone.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, key])
        assert reconcile(now=NOW)[0].error == "Another reconciler is at work."
    assert reconcile(now=NOW)[0].error == ""


def test_a_quote_is_not_needed(desk):
    bought(desk)
    quote("AAPL", "50", at=NOW + timedelta(hours=1))
    assert found(desk, NOW + timedelta(hours=1)) == []
