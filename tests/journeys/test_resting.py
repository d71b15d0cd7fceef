"""Orders that rest at the paper broker: filled when crossed, in parts in a thin market, ended with the session."""

from __future__ import annotations

import pytest

from alerts.models import Alert
from brokers.models import BrokerAccount, PaperFill, PaperOrder
from common.clock import now
from orders.models import Order
from tests.journeys.market import D, Listing
from tests.journeys.people import Person, order_of, until_done
from tests.journeys.proof import traded_once
from tests.journeys.stack import Stack
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey


def until_resting(rule) -> Order:
    """The rule fired and its order rests at the broker."""
    eventually(lambda: rule.executions.exists(), "the rule fired")
    execution = rule.executions.get()
    orders = Order.objects.filter(source_id=str(execution.id), state="accepted")
    eventually(orders.exists, "its order rests at the broker")
    return order_of(execution)


def test_a_limit_order_of_a_rule_rests_and_fills_when_the_price_comes(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(
        listing, "price_below", {"threshold": "98"}, order_type="limit", limit_offset="-2", time_in_force="gtc"
    )
    listing.trade("98")
    order = until_resting(rule)
    assert order.limit_price == 96
    listing.trade("96.5")
    assert not PaperFill.objects.filter(order__client_order_id=order.client_order_id).exists()
    listing.trade("95.9")
    until_done(rule, 1, listing)
    (order,) = traded_once(rule)
    assert order.average_price <= 96


def test_a_limit_that_was_touched_between_two_looks_is_filled(stack: Stack, ann: Person, listing: Listing):
    """Each price is evaluated on its own, so the quote's own range has forgotten the touch when the broker looks."""
    rule = ann.rule(
        listing, "price_below", {"threshold": "98"}, order_type="limit", limit_offset="-2", time_in_force="gtc"
    )
    listing.trade("98")
    until_resting(rule)
    stack.stop("sweep")
    listing.trade("95.9")
    listing.trade("99")
    stack.start("sweep")
    until_done(rule, 1)
    (order,) = traded_once(rule)
    assert order.average_price <= 96


def test_a_stop_order_sells_when_the_price_falls_through_it(stack: Stack, ann: Person, listing: Listing):
    ann.owns(listing, 5)
    with ann.api(stack.url) as api:
        asked = {"symbol": listing.symbol, "side": "sell", "order_type": "stop", "stop_price": "95", "quantity": "5"}
        placed = api.post("orders/", json={**asked, "time_in_force": "gtc"})
        assert placed.status_code == 201, placed.text
    order = Order.objects.filter(pk=placed.json()["id"])
    eventually(lambda: order.get().state == "accepted", "the stop rests", meanwhile=listing.repeat)
    listing.trade("95.5")
    assert order.get().filled_quantity == 0
    listing.trade("94.8")
    eventually(lambda: order.get().state == "filled", "the stop sold", meanwhile=listing.repeat)
    assert ann.account.paper_orders.get().fills.count() == 1
    assert not ann.portfolio.holdings.filter(quantity__gt=0).exists()


def test_a_thin_market_fills_an_order_in_parts(stack: Stack, ann: Person, listing: Listing):
    BrokerAccount.objects.filter(pk=ann.account.pk).update(max_fill_quantity=2)
    rule = ann.rule(listing, "price_below", {"threshold": "98"}, time_in_force="gtc")
    listing.trade("97")
    parts = PaperFill.objects.filter(order__account=ann.account).order_by("pk")
    for count, price in ((1, "97.1"), (2, "97.2")):
        eventually(lambda count=count: parts.count() >= count, f"part {count} was filled", meanwhile=listing.repeat)
        listing.trade(price)
    until_done(rule, 1, listing)
    traded_once(rule)
    assert [fill.quantity for fill in parts] == [2, 2, 1]
    assert Alert.objects.get(user=ann.user, kind="fill").title.startswith(f"Bought 5 {listing.symbol}")


def test_a_day_order_ends_with_the_session_and_keeps_what_it_filled(stack: Stack, ann: Person, listing: Listing):
    """The session's end is brought near in the broker's row."""
    BrokerAccount.objects.filter(pk=ann.account.pk).update(max_fill_quantity=D("1.5"))
    rule = ann.rule(
        listing, "price_below", {"threshold": "98"}, order_type="limit", limit_price="97.5", time_in_force="day"
    )
    listing.trade("97")
    fills = PaperFill.objects.filter(order__account=ann.account)
    eventually(fills.exists, "the first part was filled", meanwhile=listing.repeat)
    listing.trade("99")
    PaperOrder.objects.filter(account=ann.account).update(expires_at=now())
    (execution,) = until_done(rule, 1)
    order = order_of(execution)
    assert order.state == "expired"
    assert 0 < order.filled_quantity < 5
    assert execution.state == "succeeded"  # it bought something, and it is over
    assert ann.portfolio.holdings.get().quantity == order.filled_quantity
