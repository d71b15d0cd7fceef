"""Rules that must hold for a while, through real workers, and across a stop and start of everything."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.journeys.market import Listing
from tests.journeys.people import Person, firings, until_done
from tests.journeys.proof import traded_once
from tests.journeys.stack import BASE, Stack
from tests.journeys.waiting import eventually
from watches.machine import HOLDING
from watches.models import Watch

pytestmark = pytest.mark.journey


def test_a_price_that_stays_fires_and_one_that_comes_back_does_not(stack: Stack, ann: Person, listing: Listing):
    other = Listing()
    rule = ann.rule(listing, "price_below", {"threshold": "95", "for_seconds": 4})
    spike = ann.rule(other, "price_below", {"threshold": "95", "for_seconds": 4})
    listing.trade("94")
    other.trade("94")
    ends = Watch.objects.get(owner_id=rule.id).rearm_at
    other.trade("96")
    until_done(rule, 1)  # nobody trades: the sweeper shows the standing price
    (execution,) = firings(rule)
    assert execution.triggered_at >= ends
    traded_once(rule)
    assert firings(spike) == []


def test_a_hold_survives_a_stop_and_start_of_everything(stack: Stack, ann: Person):
    steady, shaken = Listing(), Listing()
    params = {"threshold": "95", "for_seconds": 30}
    rules = {listing: ann.rule(listing, "price_below", params) for listing in (steady, shaken)}
    for listing in rules:
        listing.trade("94")
    held = {rule.id: Watch.objects.get(owner_id=rule.id, phase=HOLDING).rearm_at for rule in rules.values()}

    stack.stop()  # SIGTERM to all of them
    shaken.trade("96", wait=False)  # the price was back while nobody was there
    shaken.trade("94", wait=False)
    stack.start(*BASE)
    steady.repeat()

    eventually(lambda: Watch.objects.get(owner_id=rules[shaken].id).rearm_at != held[rules[shaken].id], "held anew")
    began_anew = Watch.objects.get(owner_id=rules[shaken].id).rearm_at - timedelta(seconds=30)
    for listing, rule in rules.items():
        until_done(rule, 1, listing)
        traded_once(rule)
    assert firings(rules[steady])[0].triggered_at >= held[rules[steady].id]
    assert firings(rules[shaken])[0].triggered_at >= began_anew + timedelta(seconds=30)
