"""A recurring purchase over both changes of New York's clocks in 2026, by real workers and a real sweeper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.models import Alert
from automation.models import Action, Missed
from common.clock import now
from markets import calendar
from tests.journeys import proof
from tests.journeys.market import Listing, open_exchange
from tests.journeys.moved_clock import living_at
from tests.journeys.people import Person, firings, until_done
from tests.journeys.stack import Stack
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey
SERVICES = ("worker-trading", "worker-ticks", "sweep")
BEFORE = timedelta(seconds=10)  # the processes take a few of them to start


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def daily(person: Person, listing: Listing, time: str) -> Action:
    hour, minute = time.split(":")
    params = {"expression": f"{int(minute)} {int(hour)} * * *", "timezone": "America/New_York"}
    return person.rule(listing, "cron", params, max_executions=None)


def past(moment: datetime) -> None:
    """Until the clock has passed `moment` for good: what was to be done then has been done by now."""
    eventually(lambda: now() > moment + timedelta(seconds=4), f"it is after {moment}")


def bought(rule: Action) -> list[str]:
    return [f"{one.triggered_at.astimezone(calendar.NEW_YORK):%a %H:%M %Z}" for one in firings(rule)]


def test_in_spring_half_past_two_is_skipped_once_and_told(stack: Stack):
    saturday, change, monday = utc(2026, 3, 7, 7, 30), utc(2026, 3, 8, 7), utc(2026, 3, 9, 6, 30)
    with living_at(saturday - BEFORE, stack, *SERVICES):
        open_exchange()
        listing, ann = Listing(), Person("ann")
        rule = daily(ann, listing, "02:30")
        until_done(rule, 1, listing)
    with living_at(change - BEFORE, stack, *SERVICES):
        other = daily(ann, listing, "03:00")  # the first minute after the gap
        until_done(other, 1, listing)
        told = Alert.objects.filter(user=ann.user, dedupe_key__startswith="missed:")
        eventually(told.exists, "the time that did not exist was reported")
        past(change)
        assert len(firings(rule)) == 1
        assert "2026-03-08 02:30 did not exist: the clock was set forward. Skipped." in told.get().body
    with living_at(monday - BEFORE, stack, *SERVICES):
        until_done(rule, 2, listing)
        assert bought(rule) == ["Sat 02:30 EST", "Mon 02:30 EDT"]
        assert bought(other) == ["Sun 03:00 EDT"]
        assert [(row.action_id, row.due_at) for row in Missed.objects.all()] == [(rule.pk, change)]
        assert told.count() == 1
        proof.traded_once(rule, times=2)
        proof.traded_once(other)
        proof.everything_in_order()


def test_in_autumn_half_past_one_comes_twice_and_buys_once(stack: Stack):
    first, second, monday = utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 6, 30), utc(2026, 11, 2, 6, 30)
    with living_at(first - BEFORE, stack, *SERVICES):
        open_exchange()
        listing, bob = Listing(), Person("bob")
        rule = daily(bob, listing, "01:30")
        until_done(rule, 1, listing)
    with living_at(second - BEFORE, stack, *SERVICES):
        listing.repeat()
        past(second)
        assert len(firings(rule)) == 1
    with living_at(monday - BEFORE, stack, *SERVICES):
        until_done(rule, 2, listing)
        assert bought(rule) == ["Sun 01:30 EDT", "Mon 01:30 EST"]
        assert not Missed.objects.filter(action=rule).exists()
        proof.traded_once(rule, times=2)
        proof.everything_in_order()
