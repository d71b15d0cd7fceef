from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.triggers.registry import TRIGGERS
from tests.automation.triggers.showing import (
    EVERY_TIME,
    D,
    errors,
    fires_at,
    is_normal,
    market,
    parse,
    plan_of,
    refuses_bad_numbers,
)
from watches import machine
from watches.specs import Repeat

BOTH = pytest.mark.parametrize("kind", ["price_above", "price_below"])


# --- parameters
@BOTH
def test_numbers_come_back_as_plain_strings_with_every_default(kind):
    expected = {"threshold": "150", "edge": "level", "hysteresis": "0"}
    for spelling in ("150", 150, 150.0, " 150 ", "150.00", "1.5e2", "+150", D("150.000")):
        assert parse(kind, threshold=spelling) == expected
    assert parse(kind, threshold=0.1)["threshold"] == "0.1"  # the float's shortest text, not its binary value
    assert is_normal(kind, threshold="123456789012345.123456789", edge="cross", hysteresis="-0")["hysteresis"] == "0"


@BOTH
def test_a_bad_threshold_is_refused_with_its_value(kind):
    refuses_bad_numbers(kind, "threshold")
    assert "required" in errors(kind)["threshold"]
    assert "required" in errors(kind, threshold="")["threshold"]


@BOTH
def test_a_bad_hysteresis_is_refused_and_zero_is_fine(kind):
    refuses_bad_numbers(kind, "hysteresis", zero_is_bad=False, threshold="150")
    assert parse(kind, threshold="150", hysteresis=0)["hysteresis"] == "0"


@BOTH
@pytest.mark.parametrize("edge", ["crosses", 1, True, ["level"], "LEVEL"])
def test_an_unknown_edge_names_the_two_that_exist(kind, edge):
    assert "level or cross" in errors(kind, threshold="150", edge=edge)["edge"]


@BOTH
def test_an_unknown_key_names_the_nearest_one(kind):
    assert "did you mean threshold?" in errors(kind, treshold="150", threshold="1")["treshold"]
    assert "known keys are threshold, edge, hysteresis" in errors(kind, threshold="150", zzz=1)["zzz"]


@BOTH
def test_all_mistakes_are_told_at_once(kind):
    assert set(errors(kind, threshold="-5", edge="both", hysteresis="x", colour="red")) == {
        "threshold", "edge", "hysteresis", "colour",
    }  # fmt: skip


# --- the sentence
def test_sentences():
    def say(kind, **params):
        return TRIGGERS[kind].sentence(parse(kind, **params), "AAPL")

    assert say("price_above", threshold="150") == "AAPL is at or above $150"
    assert say("price_below", threshold="99.5") == "AAPL is at or below $99.50"
    assert say("price_above", threshold="150", edge="cross") == "AAPL crosses above $150"
    assert say("price_below", threshold="150", edge="cross") == "AAPL crosses below $150"


# --- meaning
def test_level_fires_at_the_threshold_and_not_a_nano_dollar_before_it():
    assert fires_at("price_above", {"threshold": "100"}, ["99.999999999", "100"]) == [1]
    assert fires_at("price_below", {"threshold": "100"}, ["100.000000001", "100"]) == [1]


def test_level_fires_at_the_first_price_when_it_is_already_true():
    assert fires_at("price_above", {"threshold": "100"}, [105, 106]) == [0]
    assert fires_at("price_below", {"threshold": "100"}, [95, 94]) == [0]


def test_cross_needs_the_other_side_first():
    cross = {"threshold": "100", "edge": "cross"}
    assert fires_at("price_above", cross, [105, 106, 99, 100, 101]) == [3]
    assert fires_at("price_below", cross, [95, 94, 101, 100, 99]) == [3]


def test_standing_exactly_at_the_threshold_is_not_the_other_side():
    cross = {"threshold": "100", "edge": "cross"}
    assert fires_at("price_above", cross, [100, 101, 100]) == []
    assert fires_at("price_below", cross, [100, 99, 100]) == []


def test_a_spike_between_two_evaluations_is_seen():
    assert fires_at("price_above", {"threshold": "100"}, [(98, 100, 99)]) == [0]
    assert fires_at("price_below", {"threshold": "100"}, [(100, 103, 102)]) == [0]


def test_prices_seen_before_arming_do_not_count():
    plan = plan_of("price_above", {"threshold": "100"})
    state = machine.start(plan.spec, market(1, market(1, _at(5)).at).at)
    old_range = machine.MarketSlice(at=_at(6), since=_at(4), low=D(98), high=D(101), last=D(99))
    assert not machine.step(plan.spec, Repeat(), state, old_range)[1]


def test_after_firing_the_price_must_come_back_before_it_fires_again():
    assert fires_at("price_above", {"threshold": "100"}, [100, 101, 100, 99.5, 100], EVERY_TIME) == [0, 4]
    assert fires_at("price_below", {"threshold": "100"}, [100, 99, 100, 100.5, 100], EVERY_TIME) == [0, 4]


def test_hysteresis_says_how_far_it_must_come_back():
    above = {"threshold": "100", "hysteresis": "2"}
    assert fires_at("price_above", above, [100, 98.01, 100, 98, 100], EVERY_TIME) == [0, 4]
    below = {"threshold": "100", "hysteresis": "2"}
    assert fires_at("price_below", below, [100, 101.99, 100, 102, 100], EVERY_TIME) == [0, 4]


def test_a_cooldown_holds_it_back_even_when_the_price_came_back():
    slow = Repeat(repeats=True, cooldown_seconds=10)
    prices = [100, 99] + [99] * 6 + [100] * 6
    fired = fires_at("price_above", {"threshold": "100"}, prices, slow)
    assert fired == [0, 10]  # fired at second 1; back at 2; cooled down at 11


def test_a_rule_that_does_not_repeat_fires_once():
    assert fires_at("price_above", {"threshold": "100"}, [100, 90, 100, 90, 100]) == [0]


def _at(second: int):
    from datetime import timedelta

    from tests.automation.triggers.showing import START

    return START + timedelta(seconds=second)


grid = st.lists(st.integers(190, 210).map(lambda n: D(n) / 2), min_size=1, max_size=60)


@given(prices=grid, kind=st.sampled_from(["price_above", "price_below"]))
def test_a_cross_fires_once_per_crossing(prices, kind):
    beyond = [p >= 100 if kind == "price_above" else p <= 100 for p in prices]
    expected = [n for n in range(1, len(prices)) if beyond[n] and not beyond[n - 1]]
    assert fires_at(kind, {"threshold": "100", "edge": "cross"}, prices, EVERY_TIME) == expected


@given(prices=grid)
def test_level_is_cross_that_also_counts_the_first_price(prices):
    level = fires_at("price_above", {"threshold": "100"}, prices, EVERY_TIME)
    cross = fires_at("price_above", {"threshold": "100", "edge": "cross"}, prices, EVERY_TIME)
    assert set(level) - set(cross) <= {0}
    assert set(cross) <= set(level)
