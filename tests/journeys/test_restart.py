"""Everything stops and starts again: what was armed is still armed, with its high, its side and its cooldown."""

from __future__ import annotations

import pytest

from tests.journeys import passing
from tests.journeys.market import Listing
from tests.journeys.people import Person, firings, until_done
from tests.journeys.proof import traded_once
from tests.journeys.stack import BASE, Stack

pytestmark = pytest.mark.journey


def test_rules_survive_a_stop_and_start_of_everything(stack: Stack, ann: Person):
    stopped, crossing, cooling, missed = (Listing() for _ in range(4))
    for listing in (stopped, crossing):
        ann.owns(listing, 5)
    trail = ann.rule(stopped, "trailing_stop", {"percent": "5"}, action_type="SELL", percent_of_position="100")
    cross = ann.rule(
        crossing, "price_above", {"threshold": "101", "edge": "cross"}, action_type="SELL", percent_of_position="100"
    )
    again = ann.rule(
        cooling, "price_below", {"threshold": "95"}, action_type="NOTIFY", max_executions=2, cooldown_seconds=86_400
    )
    dip = ann.rule(missed, "price_below", {"threshold": "95"})
    stopped.trade("110")  # the high
    crossing.trade("100")  # below: from now on 101 is a cross
    cooling.trade("94")
    until_done(again, 1)
    cooling.trade("100")  # back above: the cooldown begins

    stack.stop()  # SIGTERM to all of them
    missed.trade("94", wait=False)  # while nobody is there
    missed.trade("96", wait=False)
    stack.start(*BASE)

    until_done(dip, 1, missed)
    traded_once(dip)
    assert [len(firings(rule)) for rule in (trail, cross, again)] == [0, 0, 1]
    stopped.trade("104.51")
    cooling.trade("94")
    assert (len(firings(trail)), len(firings(again))) == (0, 1)
    stopped.trade("104.5")  # 5 % below the high of before the restart
    crossing.trade("101")
    until_done(trail, 1, stopped)
    until_done(cross, 1, crossing)
    traded_once(trail)
    traded_once(cross)

    passing.cooldowns_end()
    until_done(again, 2, cooling)
    assert len(firings(again)) == 2


def test_a_firing_that_waited_for_the_restart_is_carried_out_once(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "price_below", {"threshold": "95"})
    stack.stop("worker-trading", "sweep")
    listing.trade("94")
    stack.stop()
    passing.firings_stay_valid()
    stack.start(*BASE)
    until_done(rule, 1, listing)
    traded_once(rule)
