"""Placed orders reach the paper broker and come back booked."""

from decimal import Decimal as D

import pytest

from brokers.models import PaperOrder
from orders.placing import place
from orders.submitting import submit_many
from portfolios.models import Holding, Portfolio
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


def test_a_market_order_is_filled_and_booked(desk):
    order = place(desk.intent(), now=NOW)
    assert (order.state, order.reason) == ("queued", "")
    submit_many([order.pk], now=NOW)
    order.refresh_from_db()
    assert order.state == "filled"
    assert order.average_price == D("100.01")
    assert order.lease_token is None
    assert Holding.objects.get(portfolio=desk.portfolio, instrument="AAPL").quantity == 10
    assert Portfolio.objects.get(pk=desk.portfolio.pk).cash == D("100000") - D("1000.10")
    assert PaperOrder.objects.get().client_order_id == order.client_order_id
    assert [(t.from_state, t.to_state) for t in order.transitions.order_by("pk")] == [
        ("proposed", "queued"),
        ("queued", "submitting"),
        ("submitting", "filled"),
    ]
