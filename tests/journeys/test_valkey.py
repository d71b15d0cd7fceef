"""Valkey carries nudges and nothing else: wiped or stopped at any moment, nothing is lost and nothing doubled."""

from __future__ import annotations

import pytest

from automation.models import ActionExecution
from tests.journeys import passing
from tests.journeys.market import Listing
from tests.journeys.people import Person, until_done
from tests.journeys.proof import traded_once
from tests.journeys.stack import Stack
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey


def test_a_firing_whose_nudge_was_wiped_is_carried_out_by_the_sweeper(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "price_below", {"threshold": "95"})
    stack.kill("worker-trading")  # so that the nudge is still waiting when it is wiped
    stack.stop("sweep")
    listing.trade("94")
    eventually(lambda: ActionExecution.objects.filter(action=rule).exists(), "the rule fired")
    stack.wipe_valkey()
    passing.firings_stay_valid()
    stack.start("sweep")
    until_done(rule, 1, listing)
    traded_once(rule)


def test_after_a_wipe_the_workers_are_reached_again_without_the_sweeper(stack: Stack, ann: Person):
    stack.stop("sweep")
    for _ in range(5):
        listing = Listing()
        stack.wipe_valkey()
        rule = ann.rule(listing, "price_below", {"threshold": "95"})
        listing.trade("94")
        until_done(rule, 1, listing)
        traded_once(rule)


def test_with_valkey_down_the_sweeper_does_everything_itself(stack: Stack, ann: Person, listing: Listing):
    ann.owns(listing, 5)
    stop = ann.rule(listing, "trailing_stop", {"percent": "5"}, action_type="SELL", percent_of_position="100")
    listing.trade("110")
    with stack.without_valkey():
        listing.trade("104")
        until_done(stop, 1, listing)
        traded_once(stop)
        told = ann.rule(listing, "price_below", {"threshold": "104"}, action_type="NOTIFY", message="low")
        until_done(told, 1, listing)
    stack.wait_for("worker-ticks", again=True)
    stack.wait_for("worker-trading", again=True)
    stack.stop("sweep")
    after = ann.rule(listing, "price_below", {"threshold": "99"})
    listing.trade("98")
    until_done(after, 1, listing)  # by the workers, who found Valkey again
    traded_once(after)
