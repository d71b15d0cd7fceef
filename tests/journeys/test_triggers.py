"""Each kind of trigger, from a tick to the ledger and the inbox, through real workers."""

from __future__ import annotations

import pytest

from tests.journeys.market import D, Listing
from tests.journeys.people import Person, firings, until_done
from tests.journeys.proof import traded_once

pytestmark = pytest.mark.journey


def test_a_price_below_the_threshold_buys(stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "price_below", {"threshold": "95"})
    listing.trade("95.01")
    assert firings(rule) == []
    listing.trade("95")
    until_done(rule, 1, listing)
    (order,) = traded_once(rule)
    assert order.side == "buy"
    assert D("95") < order.average_price < D("95.05")
