"""What a person is asked to approve, in hash and words."""

from decimal import Decimal as D

import pytest

from orders import asking
from orders.models import Order
from orders.placing import place
from tests.orders.making import NOW, Desk, open_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(market) -> Desk:
    return open_desk("ada", large_order_pct=D(1))


@pytest.fixture
def order(desk) -> Order:
    return place(desk.intent(quantity=D(50)), now=NOW)


def test_the_hash_is_fixed_when_it_begins_to_wait(order):
    stored = Order.objects.get(pk=order.pk)
    assert stored.approval_hash == asking.deal_hash(stored) == asking.deal_hash(order)


@pytest.mark.parametrize(
    "tampered",
    [
        {"quantity": D("50.000000001")},
        {"side": "sell"},
        {"instrument_id": "MSFT"},
        {"order_type": "limit", "limit_price": D(200)},
        {"time_in_force": "gtc"},
        {"reduce_only": True},
        {"source_id": "another"},
        {"client_order_id": "another"},
    ],
)
def test_whatever_makes_a_difference_in_money_changes_it(order, tampered):
    for name, value in tampered.items():
        setattr(order, name, value)
    assert asking.deal_hash(order) != order.approval_hash


def test_how_things_stood_is_kept(order):
    assert order.asked == {
        "at": NOW.isoformat(),
        "price": "100",
        "quote_age": 0,
        "market_open": True,
        "cash": "100000",
        "equity": "100000",
        "position": "0",
        "open_orders": 0,
        "open_orders_limit": 1_000_000,
        "trades": 0,
        "trades_limit": 1_000_000,
        "turnover": "0",
        "policy_version": 1,
        "trading": "active",
    }


def test_an_order_that_need_not_wait_keeps_nothing(desk):
    order = place(desk.intent(quantity=D(1)), now=NOW)
    assert (order.asked, order.approval_hash) == ({}, "")
    assert asking.changes(order.asked, {}) == []


def test_what_changed_is_said_in_words(order):
    after = {
        **order.asked,
        "price": "101.5",
        "quote_age": 3,
        "market_open": False,
        "cash": "90000.5",
        "equity": None,
        "position": "10",
        "open_orders": 2,
        "trades": 4,
        "policy_version": 2,
        "trading": "stopped by the kill switch (user)",
    }
    said = {change.name: (change.before, change.now) for change in asking.changes(order.asked, after) if change.changed}
    assert said == {
        "price": ("$100", "$101.50 (+1.5 %)"),
        "quote_age": ("0 s", "3 s"),
        "market_open": ("open", "closed"),
        "cash": ("$100,000.00", "$90,000.50"),
        "equity": ("$100,000.00", "unknown"),
        "position": ("0 shares", "10 shares"),
        "open_orders": ("0 of at most 1000000", "2 of at most 1000000"),
        "trades": ("0 of at most 1000000", "4 of at most 1000000"),
        "policy_version": ("version 1", "version 2"),
        "trading": ("active", "stopped by the kill switch (user)"),
    }
    same = [change for change in asking.changes(order.asked, order.asked) if change.changed]
    assert same == []
