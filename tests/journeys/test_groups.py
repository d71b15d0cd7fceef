"""A bracket on one holding, through real workers: target and stop, of which exactly one is ever executed."""

from __future__ import annotations

import pytest

from automation.models import Action
from orders.models import Order
from tests.journeys.market import Listing
from tests.journeys.people import Person, firings, until_done
from tests.journeys.proof import at_rest, traded_once
from tests.journeys.stack import Stack

pytestmark = pytest.mark.journey


def bracket(ann: Person, listing: Listing) -> tuple[Action, Action]:
    """Sell all of it at 105 or above, or at 95 or below."""
    ann.owns(listing, 5)
    sale = {"action_type": "SELL", "quantity": "5", "group": f"exit {listing.symbol}"}
    return (
        ann.rule(listing, "price_above", {"threshold": "105"}, **sale),
        ann.rule(listing, "price_below", {"threshold": "95"}, **sale),
    )


def one_sold(ann: Person, listing: Listing, executed: Action, cancelled: Action) -> None:
    """One order, one sale, and the mate is cancelled for good, whatever the price does."""
    traded_once(executed)
    assert Action.objects.get(pk=executed.pk).status == "completed"
    mate = Action.objects.get(pk=cancelled.pk)
    assert (mate.status, mate.held_by) == ("cancelled", None)
    assert mate.status_reason.startswith("One cancels other: its group mate executed")
    for price in ("94", "106", "100"):
        listing.trade(price)
    at_rest()
    assert firings(cancelled) == []
    assert Order.objects.filter(portfolio=ann.portfolio).count() == 1
    assert not ann.portfolio.holdings.filter(quantity__gt=0).exists()


def test_the_target_sells_and_the_stop_is_cancelled(stack: Stack, ann: Person, listing: Listing):
    target, stop = bracket(ann, listing)
    listing.trade("104.99")
    assert firings(target) == firings(stop) == []
    listing.trade("105")
    until_done(target, 1, listing)
    one_sold(ann, listing, target, stop)


def test_the_stop_sells_and_the_target_is_cancelled(stack: Stack, ann: Person, listing: Listing):
    target, stop = bracket(ann, listing)
    listing.trade("94.5")
    until_done(stop, 1, listing)
    one_sold(ann, listing, stop, target)


def test_both_reached_in_one_batch_sell_once(stack: Stack, ann: Person, listing: Listing):
    target, stop = bracket(ann, listing)
    stack.stop("worker-ticks", "sweep")
    listing.trade("94", wait=False)
    listing.trade("106", wait=False)
    stack.start("worker-ticks", "sweep")
    until_done(target, 1, listing)  # the one created first
    one_sold(ann, listing, target, stop)


def test_a_denied_target_leaves_the_stop_in_place(stack: Stack, ann: Person, listing: Listing):
    target, stop = bracket(ann, listing)
    ann.limits(symbol_blacklist=[listing.symbol])
    listing.trade("105")
    until_done(target, 1, listing)
    assert firings(target)[0].state == "blocked"
    ann.limits(symbol_blacklist=[])
    listing.trade("95")
    until_done(stop, 1, listing)
    assert Action.objects.get(pk=target.pk).status == "cancelled"
    traded_once(stop)
