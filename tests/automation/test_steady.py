"""What was seen while nothing changed, counted from minute bars."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from automation import lifecycle, steady
from automation.models import Action, Trace
from markets.models import Bar
from tests.automation.making import MINUTE, D, S, bars, fresh, rule, see, telling
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def of(action, *, until):
    traces = list(Trace.objects.filter(action=action).order_by("id"))
    return steady.watched(action, steady.stretches(action, traces, until=until))


def test_a_stretch_tells_minutes_extremes_the_nearest_and_what_is_missing(desk):
    action = rule(desk)  # at or below 90, since 15:00
    bars("AAPL", "1m", NOW + 49 * MINUTE, [95, 92, "90.4", *[94] * 47])
    Bar.objects.filter(at__gte=NOW + 40 * MINUTE, at__lt=NOW + 43 * MINUTE).delete()
    (hour,) = of(action, until=NOW + 50 * MINUTE)
    assert (hour.begins, hour.ends) == (NOW, NOW + 50 * MINUTE)
    assert (hour.minutes, hour.without_price, hour.low, hour.high) == (50, 3, D("90.4"), 95)
    assert (hour.nearest, hour.nearest_percent.quantize(D("0.01"))) == (D("0.4"), D("0.44"))
    assert hour.line == (
        "Watched 50 minutes of AAPL: low 90.40, high 95.00, nearest 0.40 (0.4 %) from 90.00;"
        " 3 minutes without a usable price"
    )


def test_hours_come_one_by_one_the_newest_first_and_older_ones_together(desk):
    action = rule(desk)
    found = of(action, until=NOW + 20 * HOUR + 30 * MINUTE)
    assert len(found) == steady.HOURS_APART + 1
    assert found[0].ends == NOW + 20 * HOUR + 30 * MINUTE
    assert (found[0].minutes, found[1].minutes) == (30, 60)
    assert found[-1].begins == NOW
    assert sum(hour.minutes for hour in found) == 20 * 60 + 30
    assert found[0].line == "Watched 30 minutes of AAPL: no usable price"


def test_a_bar_from_before_the_rule_does_not_count(desk):
    action = rule(desk, now=NOW + 30 * S)
    bars("AAPL", "1m", NOW + 9 * MINUTE, [50, *[95] * 9])  # the first began before the rule
    (hour,) = of(action, until=NOW + 10 * MINUTE)
    assert (hour.minutes, hour.low) == (9, 95)


def test_only_times_in_which_it_was_watched_count(desk):
    action = telling(desk, max_executions=None, cooldown_seconds=600)
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW + 10 * MINUTE, actor="ada")
    lifecycle.resume(user=desk.user, action_id=action.id, now=NOW + 20 * MINUTE, actor="ada")
    see("90", at=NOW + 25 * MINUTE)
    see("91", at=NOW + 26 * MINUTE)  # back, cooling down until 15:35
    traces = list(Trace.objects.filter(action=action).order_by("id"))
    found = steady.stretches(action, traces, until=NOW + 30 * MINUTE)
    assert [(one.begins, one.ends) for one in found] == [
        (NOW, NOW + 10 * MINUTE),
        (NOW + 20 * MINUTE, NOW + 25 * MINUTE),
        (NOW + 25 * MINUTE, NOW + 26 * MINUTE),  # waiting to come back
    ]


def test_a_rule_on_something_else_than_the_price_has_no_nearest(desk):
    action = telling(desk, trigger_type="volume_above", trigger_params={"threshold": "5000"})
    bars("AAPL", "1m", NOW + 9 * MINUTE, [95] * 10)
    (hour,) = of(action, until=NOW + 10 * MINUTE)
    assert hour.nearest is None
    assert hour.line == "Watched 10 minutes of AAPL: low 95.00, high 95.00"


def test_now_watching_is_empty_when_it_is_not(desk):
    action = rule(desk)
    assert len(steady.now_watching(action, now=NOW + 5 * MINUTE)) == 1
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW + 5 * MINUTE, actor="ada")
    assert steady.now_watching(fresh(action), now=NOW + 9 * MINUTE) == []


def test_the_bars_of_many_stretches_are_one_query(desk):
    action = Action.objects.select_related("instrument").get(id=rule(desk).id)
    stretch = steady.Stretch(begins=NOW, ends=NOW + 9 * HOUR)
    with CaptureQueriesContext(connection) as one:
        steady.watched(action, [stretch])
    with CaptureQueriesContext(connection) as many:
        steady.watched(action, [stretch] * 5)
    assert len(one) == len(many) == 2
