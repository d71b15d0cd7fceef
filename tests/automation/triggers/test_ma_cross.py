from __future__ import annotations

from datetime import timedelta

import pytest

from automation.triggers.registry import TRIGGERS
from tests.automation.triggers.showing import EVERY_TIME, START, D, errors, fired, is_normal, market, parse, plan_of

KIND = "ma_cross"


# --- parameters
def test_without_numbers_it_is_the_golden_cross():
    assert is_normal(KIND) == {
        "short": 50, "long": 200, "kind": "sma", "timeframe": "1d", "direction": "up", "on": "close",
    }  # fmt: skip


@pytest.mark.parametrize("key", ["short", "long"])
@pytest.mark.parametrize("value", ["0", 0, -5, 401, "x", 2.5, True, [5], "NaN", float("nan"), "1e999", "５"])
def test_a_bad_length_is_refused(key, value):
    assert "whole number from 1 to 400" in errors(KIND, **{key: value})[key]


def test_lengths_may_be_texts_or_whole_floats():
    assert parse(KIND, short="5", long=20.0)["long"] == 20


def test_short_must_be_shorter():
    for short in (20, 21):
        assert "not shorter than long (20)" in errors(KIND, short=short, long=20)["short"]


def test_words_and_keys_are_checked():
    found = errors(KIND, kind="wma", timeframe="2d", direction="both", on="open", longs=5)
    assert "sma or ema" in found["kind"]
    assert "1m or 5m" in found["timeframe"]
    assert "up or down or either" in found["direction"]
    assert "close or live" in found["on"]
    assert "did you mean long?" in found["longs"]


def test_sentences():
    def say(**params):
        return TRIGGERS[KIND].sentence(parse(KIND, **params), "AAPL")

    assert say() == "AAPL's 50-bar SMA crosses above its 200-bar one (1d bars, at a close)"
    assert (
        say(short=5, long=20, kind="ema", timeframe="5m", direction="down", on="live")
        == "AAPL's 5-bar EMA crosses below its 20-bar one (5m bars, live)"
    )
    assert "crosses its" in say(direction="either")


# --- meaning, on close: the value pushed at each closed bar is +1, 0 or -1
def _crosses(direction, *values):
    plan = plan_of(KIND, {"direction": direction})
    slices = [market(1, START + timedelta(minutes=n + 1), pushed=D(v)) for n, v in enumerate(values)]
    return fired(plan, slices, EVERY_TIME)


def test_on_close_it_fires_on_each_crossing_bar():
    assert _crosses("up", 0, 1, 0, -1, 0, 1) == [1, 5]
    assert _crosses("down", 0, 1, 0, -1, 0, 1) == [3]
    either = plan_of(KIND, {"direction": "either"})
    slices = [market(1, START + timedelta(minutes=n + 1), pushed=abs(D(v))) for n, v in enumerate((0, 1, 0, -1))]
    assert fired(either, slices, EVERY_TIME) == [1, 3]


def test_a_bar_that_closed_before_the_rule_was_armed_is_history():
    plan = plan_of(KIND, {"direction": "up"})
    assert fired(plan, [market(1, START - timedelta(minutes=1), pushed=D(1))]) == []


def test_too_few_bars_is_unknown_and_nothing_fires():
    plan = plan_of(KIND, {"direction": "up"})
    assert fired(plan, [market(1000, START + timedelta(minutes=1), pushed=None)]) == []


# --- meaning, live: spread = shift + price * numerator / reference; here price - 100
def _live(direction, *prices):
    from dataclasses import replace

    plan = plan_of(KIND, {"direction": direction, "on": "live"})
    series = replace(plan.spec.series, shift=D(-100), numerator=D(1), reference=D(1))
    plan = replace(plan, spec=replace(plan.spec, series=series))
    return fired(plan, [market(p, START + timedelta(seconds=n + 1)) for n, p in enumerate(prices)], EVERY_TIME)


def test_live_fires_beyond_the_long_average_not_at_it():
    assert _live("up", 99, 100, "100.000000001") == [2]
    assert _live("down", 101, 100, "99.999999999") == [2]


def test_live_needs_the_other_side_first_and_standing_equal_counts_as_it():
    assert _live("up", 101, 102) == []
    assert _live("up", 101, 100, 101) == [2]  # short <= long before, > now


def test_live_fires_once_per_cross():
    assert _live("up", 99, 101, 102, 100, 103, 99, 101) == [1, 4, 6]


def test_either_way_waits_for_the_side_it_is_not_on():
    assert _live("either", 99, 98, 100, 101)[:1] == [3]
    assert _live("either", 101, 102, 100, 99)[:1] == [3]


def test_live_is_unknown_until_the_averages_are_known():
    plan = plan_of(KIND, {"direction": "up", "on": "live"})
    assert fired(plan, [market(p, START + timedelta(seconds=p)) for p in (1, 1000)]) == []
