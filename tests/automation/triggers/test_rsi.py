from __future__ import annotations

from datetime import timedelta

import pytest

from automation.triggers.registry import TRIGGERS
from tests.automation.triggers.showing import (
    EVERY_TIME,
    START,
    D,
    errors,
    fired,
    is_normal,
    market,
    parse,
    plan_of,
    refuses_bad_numbers,
)
from watches.specs import SeriesKind

BOTH = pytest.mark.parametrize("kind", ["rsi_above", "rsi_below"])


# --- parameters
@BOTH
def test_period_and_timeframe_have_defaults(kind):
    assert is_normal(kind, threshold="30") == {"threshold": "30", "period": 14, "timeframe": "1d"}


@BOTH
def test_the_threshold_is_a_number_from_0_to_100(kind):
    refuses_bad_numbers(kind, "threshold", zero_is_bad=False)
    assert "at most 100" in errors(kind, threshold="100.5")["threshold"]
    assert "required" in errors(kind)["threshold"]
    assert [parse(kind, threshold=value)["threshold"] for value in (0, "100", 29.5)] == ["0", "100", "29.5"]


@BOTH
@pytest.mark.parametrize("period", [0, 1, -14, 101, 2.5, "x", True, [14]])
def test_the_period_is_2_to_100_bars(kind, period):
    assert "whole number from 2 to 100" in errors(kind, threshold=30, period=period)["period"]


@BOTH
def test_words_and_keys_are_checked(kind):
    found = errors(kind, threshold=30, timeframe="2d", level=5)
    assert "1m or 5m" in found["timeframe"]
    assert "is not a parameter of this trigger" in found["level"]


def test_sentences():
    def say(kind, **params):
        return TRIGGERS[kind].sentence(parse(kind, **params), "AAPL")

    assert say("rsi_below", threshold=30) == "AAPL's 14-bar RSI is at or below 30 (1d bars, at a close)"
    assert say("rsi_above", threshold=70, period=7, timeframe="5m") == (
        "AAPL's 7-bar RSI is at or above 70 (5m bars, at a close)"
    )


# --- meaning: the value pushed at each closed bar
def at_closes(kind, threshold, *values):
    plan = plan_of(kind, {"threshold": threshold})
    slices = [
        market(1, START + timedelta(minutes=n + 1), pushed=None if v is None else D(str(v)))
        for n, v in enumerate(values)
    ]
    return fired(plan, slices, EVERY_TIME)


def test_it_fires_at_the_first_bar_there_and_again_only_after_it_came_back():
    assert at_closes("rsi_above", 70, 69.9, 70, 75, 70, 69.999999999, 71) == [1, 5]
    assert at_closes("rsi_below", 30, 30, 20, 30, 30.1, 29) == [0, 4]


def test_at_the_threshold_it_has_not_come_back():
    assert at_closes("rsi_above", 70, 71, 70, 71) == [0]


def test_unknown_neither_fires_nor_re_arms():
    assert at_closes("rsi_below", 30, None, 25, None, 25) == [1]


def test_a_bar_that_closed_before_the_rule_was_armed_is_history():
    plan = plan_of("rsi_below", {"threshold": 30})
    assert fired(plan, [market(1, START - timedelta(minutes=1), pushed=D(10))]) == []


def test_rules_of_one_period_and_timeframe_share_a_series():
    plans = [plan_of(kind, {"threshold": threshold}) for kind, threshold in (("rsi_above", 70), ("rsi_below", 20))]
    assert {(plan.spec.series.observable, plan.spec.series.kind) for plan in plans} == {
        ("rsi:14:1d", SeriesKind.PUSHED)
    }
