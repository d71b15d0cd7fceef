"""The sweeper finds everything that was left behind."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from orders import fills
from orders.claiming import claim_next
from orders.models import Order
from orders.placing import place
from orders.submitting import submit_many
from orders.sweeping import sweep
from tests.orders.making import NOW, quote
from tests.orders.remote import go_remote

pytestmark = pytest.mark.django_db


def test_a_queued_order_whose_nudge_was_lost(desk):
    order = place(desk.intent(), now=NOW)
    assert sweep(NOW).submitted == 0  # its nudge is on the way
    assert sweep(NOW + timedelta(seconds=2)).submitted == 1
    order.refresh_from_db()
    assert order.state == "filled"


def test_an_order_whose_worker_died(desk):
    order = place(desk.intent(), now=NOW)
    claim_next(now=NOW)
    later = NOW + timedelta(seconds=31)
    quote("AAPL", "100", at=later)
    assert sweep(later).submitted == 1
    order.refresh_from_db()
    assert order.state == "filled"


def test_a_look_up_that_is_due(desk):
    exchange = go_remote(desk)
    exchange.faults = ["timeout_after"]
    order = place(desk.intent(), now=NOW)
    submit_many([order.pk], now=NOW)
    assert sweep(NOW + timedelta(seconds=3)).submitted == 1
    order.refresh_from_db()
    assert order.state == "accepted"


def test_resting_orders_whose_nudge_was_lost(desk):
    order = place(desk.intent(order_type="limit", limit_price=D(98)), now=NOW)
    submit_many([order.pk], now=NOW)
    later = NOW + timedelta(seconds=5)
    quote("AAPL", "97", at=later)
    assert sweep(later).matched == 1
    order.refresh_from_db()
    assert order.state == "filled"


def test_what_the_paper_broker_did_and_nobody_booked(desk):
    from brokers.adapters.paper import matching

    order = place(desk.intent(order_type="limit", limit_price=D(98)), now=NOW)
    submit_many([order.pk], now=NOW)
    later = NOW + timedelta(seconds=5)
    quote("AAPL", "97", at=later)
    assert matching.match_symbols(["AAPL"], now=later) == 1
    assert sweep(later).polled == 1
    order.refresh_from_db()
    assert order.state == "filled"
    assert fills.poll_accounts(now=later) == 0


def test_expiries(desk):
    place(desk.intent(), now=NOW)
    assert sweep(NOW + timedelta(minutes=3)).expired == 1
    assert Order.objects.get().state == "expired"


def test_nothing_to_do_is_cheap(desk, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        swept = sweep(NOW)
    assert (swept.expired, swept.submitted, swept.matched, swept.polled) == (0, 0, 0, 0)
