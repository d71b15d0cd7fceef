"""Executions are booked once each, however often, late or disordered they come."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D

import pytest

from alerts.models import Alert
from brokers.port import BrokerStatus
from orders import fills
from orders.fills import poll_accounts
from orders.merging import adopt
from orders.models import Fill, Order
from orders.placing import place
from orders.submitting import submit_many
from portfolios.auditing import audit
from portfolios.models import Holding
from tests.orders.making import NOW
from tests.orders.remote import go_remote, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def exchange(desk):
    return go_remote(desk)


@pytest.fixture
def order(desk, exchange) -> Order:
    placed = place(desk.intent(), now=NOW)
    submit_many([placed.pk], now=NOW)
    return Order.objects.get(pk=placed.pk)


def poll(order: Order) -> Order:
    poll_accounts(now=NOW)
    return Order.objects.get(pk=order.pk)


def test_parts_add_up(order, exchange, desk):
    exchange.tell([exchange.fill(order.client_order_id, D(4), D(100), NOW)])
    order = poll(order)
    assert (order.state, order.filled_quantity, order.average_price) == ("partially_filled", 4, 100)
    assert not Alert.objects.exists()
    exchange.tell([exchange.fill(order.client_order_id, D(6), D("101"), NOW)])
    order = poll(order)
    assert (order.state, order.filled_quantity, order.average_price) == ("filled", 10, D("100.6"))
    assert [alert.title for alert in Alert.objects.all()] == ["Bought 10 AAPL at 100.60"]
    assert Holding.objects.get().quantity == 10
    assert audit(desk.portfolio) == []


def test_doubled_and_reordered(order, exchange, desk):
    one = exchange.fill(order.client_order_id, D(4), D(100), NOW)
    two = exchange.fill(order.client_order_id, D(6), D(101), NOW)
    exchange.tell([two, two])
    assert poll(order).state == "partially_filled"
    exchange.tell([two, one, one])
    assert poll(order).state == "filled"
    assert Fill.objects.count() == 2
    assert Holding.objects.get().quantity == 10


def test_a_late_new_never_undoes_filled(order, exchange, desk):
    early = exchange.orders[order.client_order_id]
    exchange.tell([exchange.fill(order.client_order_id, D(10), D(100), NOW)])
    order = poll(order)
    for status in (BrokerStatus.ACCEPTED, BrokerStatus.PARTIALLY_FILLED, BrokerStatus.CANCELLED):
        assert not adopt(order, replace(early, status=status), user_id=desk.user.pk, now=NOW)
    order.refresh_from_db()
    assert order.state == "filled"


def test_filled_at_the_broker_waits_for_its_executions(order, exchange):
    execution = exchange.fill(order.client_order_id, D(10), D(100), NOW)
    assert poll(order).state == "accepted"
    exchange.tell([execution])
    assert poll(order).state == "filled"


def test_cancelled_at_the_broker_after_a_part(order, exchange):
    execution = exchange.fill(order.client_order_id, D(4), D(100), NOW)
    exchange.orders[order.client_order_id] = replace(
        exchange.orders[order.client_order_id], status=BrokerStatus.CANCELLED, reason="by the broker"
    )
    assert poll(order).state == "accepted"  # its execution is not here yet
    exchange.tell([execution])
    order = poll(order)
    assert (order.state, order.filled_quantity, order.reason) == ("cancelled", 4, "by the broker")
    assert Alert.objects.get().title == "Bought 4 of 10 AAPL at 100.00"
    assert states(order)[-2:] == ["partially_filled", "cancelled"]


def test_a_fill_of_an_order_that_was_over_is_booked_and_told(order, exchange, desk):
    exchange.orders[order.client_order_id] = replace(
        exchange.orders[order.client_order_id], status=BrokerStatus.CANCELLED
    )
    assert poll(order).state == "cancelled"
    exchange.orders[order.client_order_id] = replace(
        exchange.orders[order.client_order_id], status=BrokerStatus.ACCEPTED
    )
    exchange.tell([exchange.fill(order.client_order_id, D(3), D(100), NOW)])
    poll_account_of(desk)
    order.refresh_from_db()
    assert (order.state, order.filled_quantity) == ("cancelled", 3)
    assert Holding.objects.get().quantity == 3
    assert Alert.objects.filter(kind="data", severity="critical").count() == 1


def poll_account_of(desk) -> None:
    desk.account.refresh_from_db()
    fills.poll_account(desk.account, now=NOW)


def test_more_than_ordered_is_not_booked(order, exchange, caplog):
    execution = exchange.fill(order.client_order_id, D(10), D(100), NOW)
    exchange.tell([replace(execution, quantity=D(11))])
    with caplog.at_level("ERROR"):
        poll(order)
    assert "11 filled of 10 ordered" in caplog.text
    assert not Fill.objects.exists()
    assert not Holding.objects.exists()


def test_executions_of_strangers_are_left_out(order, exchange, desk):
    execution = exchange.fill(order.client_order_id, D(10), D(100), NOW)
    exchange.tell([replace(execution, client_order_id="by-hand", execution_id="h1")])
    assert poll(order).filled_quantity == 0
    assert not Fill.objects.exists()


def test_a_silent_broker_is_left_for_later(order, exchange, desk):
    exchange.tell([exchange.fill(order.client_order_id, D(10), D(100), NOW)])
    exchange.down = True
    assert poll_accounts(now=NOW) == 0
    exchange.down = False
    assert poll(order).state == "filled"


def test_an_expiry_at_the_broker(order, exchange):
    exchange.orders[order.client_order_id] = replace(
        exchange.orders[order.client_order_id], status=BrokerStatus.EXPIRED, closed_at=NOW + timedelta(hours=6)
    )
    order = poll(order)
    assert (order.state, order.closed_at) == ("expired", NOW + timedelta(hours=6))
    assert Alert.objects.get().kind == "expired"
