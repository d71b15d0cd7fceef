"""What a lost nudge left behind is done by the sweeper; what is fresh is left to the workers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from automation import sweeping
from automation.evaluating import evaluate_quotes
from orders.models import Order
from tests.automation.making import MINUTE, S, bars, executions, fresh, rule, see, telling, watch_of
from tests.orders.making import NOW, quote
from watches import machine
from watches.models import Series

pytestmark = pytest.mark.django_db
AT = NOW + S


def test_quotes_nobody_evaluated_are_evaluated_after_two_seconds(desk):
    action = telling(desk)
    evaluate_quotes(now=NOW)
    quote("AAPL", "90", at=AT)
    assert sweeping.evaluate_left_behind(AT + 2 * S) == 0
    assert sweeping.evaluate_left_behind(AT + 2 * S + S / 10) == 1
    assert len(executions(action)) == 1


def test_firings_nobody_carried_out_are_carried_out(desk):
    action = rule(desk)
    see("90", at=AT)
    assert sweeping.execute_left_behind(AT + 2 * S) == 0
    assert sweeping.execute_left_behind(AT + 3 * S) == 1
    assert executions(action)[0].state == "succeeded"


def test_a_cooled_down_rule_sees_the_standing_price_again(desk):
    action = telling(desk, max_executions=None, cooldown_seconds=10)
    see("90", at=AT)
    see("91", at=AT + S)
    see("89", at=AT + 2 * S)
    assert watch_of(action).phase == machine.COOLING
    assert sweeping.rearm(AT + 9 * S) == 0
    assert sweeping.rearm(AT + 10 * S) == 1
    assert evaluate_quotes(now=AT + 10 * S).fired == 1


def test_one_pass_does_everything(desk):
    """A clock, a closed bar, a left-behind quote, its execution and its settling, in one second."""
    clock = telling(desk, trigger_type="time_of_day", trigger_params={"time": "10:05"})
    bar = telling(desk, trigger_type="volume_above", trigger_params={"threshold": "500", "window": "bar"})
    price = rule(desk)
    bars("AAPL", "1m", NOW + 4 * MINUTE, [100], volume=500)
    evaluate_quotes(now=NOW)
    quote("AAPL", "90", at=NOW + 5 * MINUTE)
    for second in (4, 8):
        sweeping.sweep(NOW + 5 * MINUTE + second * S)
    assert [executions(action)[0].state for action in (clock, bar, price)] == ["succeeded"] * 3
    assert {fresh(action).status for action in (clock, bar, price)} == {"completed"}
    assert Order.objects.get().state == "filled"


def test_a_pass_over_nothing_costs_few_queries(desk, django_assert_max_num_queries):
    rule(desk)
    evaluate_quotes(now=NOW)
    with django_assert_max_num_queries(25):
        sweeping.sweep(NOW + 10 * S)


def test_tidying_merges_equal_peaks_and_forgets_series_nobody_uses(desk):
    trail = {"trigger_type": "trailing_stop", "max_executions": None}
    first = telling(desk, trigger_params={"percent": "5"}, **trail)
    see("100", at=AT)
    second = telling(desk, now=AT, trigger_params={"percent": "10"}, **trail)
    evaluate_quotes(now=AT)
    see("90.5", at=AT + S)  # the first fired; the second started at 100
    see("91", at=AT + 2 * S)
    see("120", at=AT + 3 * S)
    assert watch_of(first).series_id != watch_of(second).series_id
    sweeping.tidy(AT + timedelta(minutes=1))
    assert watch_of(first).series_id == watch_of(second).series_id
    peaks = Series.objects.filter(kind="peak_pct")
    assert [peak.reference for peak in peaks] == [120]
    assert see("114", at=AT + 2 * MINUTE) == 1
    assert see("108", at=AT + 2 * MINUTE + S) == 1
