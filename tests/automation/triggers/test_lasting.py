"""`for_seconds`: read once for every trigger, and what holding means for each kind of series."""

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
    fires_at,
    is_normal,
    market,
    parse,
    plan_of,
)
from watches import machine
from watches.specs import Repeat

CLOCKS = {"time_of_day", "cron", "webhook"}
LASTING = sorted(TRIGGERS.keys() - CLOCKS)
EVERY = pytest.mark.parametrize("kind", LASTING)


def seconds(n: float):
    return START + timedelta(seconds=n)


# --- parameters
@EVERY
def test_every_trigger_takes_it_and_none_is_kept_as_absent(kind):
    example = TRIGGERS[kind].example
    for spelling in (45, "45", 45.0, "4.5e1"):
        assert is_normal(kind, **example, for_seconds=spelling)["for_seconds"] == 45
    for nothing in (0, "0", None, ""):
        assert parse(kind, **example, for_seconds=nothing) == parse(kind, **example)


@EVERY
@pytest.mark.parametrize("value", [-1, 1.5, "x", True, [5], {"s": 5}, "NaN", 7 * 86_400 + 1, 10**20])
def test_what_is_no_whole_number_of_seconds_up_to_a_week_is_refused(kind, value):
    found = errors(kind, **TRIGGERS[kind].example, for_seconds=value)
    assert list(found) == ["for_seconds"]
    assert "is not a whole number from 0 to 604800" in found["for_seconds"]


@pytest.mark.parametrize("kind", sorted(CLOCKS & TRIGGERS.keys()))
def test_an_instant_cannot_last(kind):
    example = TRIGGERS[kind].example
    assert "an instant cannot last" in errors(kind, **example, for_seconds=60)["for_seconds"]
    assert parse(kind, **example, for_seconds=0) == parse(kind, **example)


def test_it_is_among_the_keys_that_are_suggested():
    assert "did you mean for_seconds?" in errors("price_above", threshold="1", for_second=5)["for_second"]
    assert errors("price_above", threshold="1", zzz=5)["zzz"].endswith("hysteresis, for_seconds")
    assert set(errors("price_above", threshold="x", for_seconds=-1)) == {"threshold", "for_seconds"}


def test_the_sentence_says_how_long():
    def say(for_seconds):
        return TRIGGERS["price_below"].sentence(parse("price_below", threshold="90", for_seconds=for_seconds), "AAPL")

    assert say(0) == "AAPL is at or below $90"
    assert say(45) == "AAPL is at or below $90 and stays so for 45 s"
    assert say(300) == "AAPL is at or below $90 and stays so for 5 min"
    assert say(86_400) == "AAPL is at or below $90 and stays so for 1 d"


def test_only_the_watch_knows_it():
    assert plan_of("price_below", {"threshold": "90", "for_seconds": 45}).spec.hold_seconds == 45
    assert plan_of("price_below", {"threshold": "90"}).spec.hold_seconds == 0


# --- prices
BELOW = {"threshold": "90", "for_seconds": 5}


def test_it_fires_when_the_price_has_stayed_there_so_long():
    assert fires_at("price_below", BELOW, [91, 90, 89, 90, 88, 87, 90, 80]) == [6]


def test_a_price_back_on_the_other_side_breaks_the_hold_and_the_next_one_begins_a_new_one():
    assert fires_at("price_below", BELOW, [90, 90, 90, 90, "90.01", 90, 90, 90, 90, 90, 90]) == [10]


def test_a_way_back_within_one_observation_breaks_it_too():
    calm, touched = (89, 89, 89), (89, "90.01", 89)
    assert fires_at("price_below", BELOW, [90, calm, calm, touched, calm, calm, calm, calm, calm]) == [8]


def test_an_extreme_alone_begins_no_hold_when_the_last_price_is_already_back():
    assert fires_at("price_below", {**BELOW, "for_seconds": 1}, [(89, 95, 91), 91, 92, 93]) == []


def test_an_observation_long_after_the_end_of_the_hold_proves_nothing():
    slices = [market(90, seconds(0.5)), market(90, seconds(5.5 + 121))]
    assert fired(plan_of("price_below", BELOW), slices) == []
    later = [*slices, market(90, seconds(5.5 + 121 + 5))]
    assert fired(plan_of("price_below", BELOW), later) == [2]
    assert fired(plan_of("price_below", BELOW), [slices[0], market(90, seconds(5.5 + 120))]) == [1]


def test_a_cross_holds_from_the_cross_on():
    cross = {"threshold": "90", "edge": "cross", "for_seconds": 2}
    assert fires_at("price_above", cross, [95, 95, 95, 95, 89, 90, 91, 92]) == [7]


def test_a_repeating_rule_holds_every_time():
    path = [90, 90, 91, 90, 90, 90, 90, 91, 90, 90, 90]
    assert fires_at("price_below", {**BELOW, "for_seconds": 2}, path, EVERY_TIME) == [5, 10]
    slow = Repeat(repeats=True, cooldown_seconds=4)
    assert fires_at("price_below", {**BELOW, "for_seconds": 2}, [90] * 4 + [91] + [90] * 8, slow) == [2, 8]


def test_the_end_of_a_hold_is_kept_in_the_state_and_says_when():
    plan = plan_of("price_below", BELOW)
    state, _ = machine.step(plan.spec, Repeat(), machine.start(plan.spec, START), market(90, seconds(1)))
    assert (state.phase, state.rearm_at) == (machine.HOLDING, seconds(6))
    assert machine.rearm(plan.spec, state, seconds(5.9)) == state
    held = machine.rearm(plan.spec, state, seconds(6))
    assert (held.phase, held.rearm_at) == (machine.HELD, seconds(6))


# --- other series
def test_a_change_either_way_that_turns_round_begins_anew():
    params = {"change": "5", "direction": "either", "window": "1d", "for_seconds": 2}
    flips = [(105, 105, 105), (94, 105, 95), 95, 95]  # between them the change was nothing
    assert fires_at("change_pct", params, flips, prev_close=D(100)) == [3]


def test_a_trailing_stop_forgives_a_recovery_and_its_high_goes_on_rising():
    stop = {"percent": "5", "for_seconds": 3}
    assert fires_at("trailing_stop", stop, [100, 95, 95, 96, 95, 95, 95, 95]) == [7]
    assert fires_at("trailing_stop", stop, [100, 95, 95, 110, 105, "104.5", "104.5", 104, 104]) == [8]


def test_a_recovery_of_a_trailing_stop_between_two_prices_is_seen():
    stop = {"percent": "5", "for_seconds": 3}
    assert fires_at("trailing_stop", stop, [100, 95, 95, (94, 99, 94), 94, 94, 94, 94]) == [6]
    short = {"percent": "5", "side": "short", "for_seconds": 3}
    assert fires_at("trailing_stop", short, [100, 105, 105, (101, 106, 106), 106, 106, 106, 106]) == [6]


def test_a_stop_that_is_activated_below_its_trail_begins_to_hold_at_once():
    stop = {"percent": "5", "activation_price": "110", "for_seconds": 2}
    assert fires_at("trailing_stop", stop, [100, (100, 110, 100), 100, 100, 100]) == [3]


def pulses(direction: str, values: list[int], for_seconds: int = 3) -> list[int]:
    plan = plan_of("ma_cross", {"direction": direction, "for_seconds": for_seconds})
    return fired(plan, [market(100, seconds(n + 1), pushed=D(value)) for n, value in enumerate(values)])


def test_a_bar_without_a_cross_does_not_break_what_a_cross_began():
    assert pulses("up", [0, 1, 0, 0, 0]) == [4]
    assert pulses("down", [0, -1, 0, 0, 0]) == [4]


def test_only_the_opposite_cross_breaks_it():
    assert pulses("up", [1, 0, -1, 0, 0, 0, 0, 0]) == []
    assert pulses("down", [-1, 0, 1, 0, 0, 0, 0, 0]) == []
    assert pulses("up", [1, 0, -1, 1, 0, 0, 0]) == [6]
    assert pulses("up", [1, 1, 0, 0]) == [3]  # the same cross again changes nothing


def test_either_way_the_next_cross_begins_a_hold_of_its_own():
    assert pulses("either", [1, 0, 0, 0]) == [3]
    assert pulses("either", [1, 0, 1, 0, 0, 0]) == [5]


def test_the_volume_of_closed_minutes_must_stay_that_large():
    plan = plan_of("volume_above", {"threshold": "500", "window": "bar", "for_seconds": 3})
    values = [600, 500, 499, 500, 700, 500, 500]
    slices = [market(100, seconds(n + 1), pushed=D(value)) for n, value in enumerate(values)]
    assert fired(plan, slices) == [6]
