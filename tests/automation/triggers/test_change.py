from __future__ import annotations

from datetime import timedelta

import pytest

from automation.triggers.change import days_back, rolling_minutes
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
    refuses_bad_numbers,
)

KIND = "change_pct"


# --- parameters
def test_defaults_are_either_way_from_the_previous_close():
    assert parse(KIND, change="3") == {"change": "3", "direction": "either", "window": "1d"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [("1d", "1d"), ("05d", "5d"), ("250d", "250d"), ("15m", "15m"), ("060m", "1h"), ("120m", "2h"), ("4h", "4h"),
     ("90m", "90m"), ("session", "session"), ("since_armed", "since_armed"), (" 5d ", "5d")],
)  # fmt: skip
def test_each_window_has_one_spelling(given, kept):
    assert is_normal(KIND, change="3", window=given)["window"] == kept


@pytest.mark.parametrize("window", ["14m", "5h", "241m", "0d", "251d", "1w", "d", "1 d", "-1d", "١٥m", "1D", "today"])
def test_an_unknown_window_is_refused_with_those_that_exist(window):
    found = errors(KIND, change="3", window=window)
    assert list(found) == ["window"]
    assert window in found["window"]
    assert "15m to 4h" in found["window"]


@pytest.mark.parametrize("window", [5, True, ["1d"], {"d": 1}])
def test_a_window_that_is_no_text_is_refused(window):
    assert str(window) in errors(KIND, change="3", window=window)["window"]


def test_a_bad_change_is_refused_with_its_value():
    refuses_bad_numbers(KIND, "change")
    assert "required" in errors(KIND)["change"]
    assert "10000" in errors(KIND, change="10001")["change"]


def test_a_price_cannot_fall_by_all_of_itself():
    assert "cannot fall" in errors(KIND, change="100", direction="down")["change"]
    assert parse(KIND, change="99.9", direction="down")
    assert parse(KIND, change="100", direction="up")


def test_direction_and_keys_are_checked():
    assert "up or down or either" in errors(KIND, change="3", direction="sideways")["direction"]
    assert "did you mean window?" in errors(KIND, change="3", windows="1d")["windows"]


def test_lengths_of_windows():
    assert [rolling_minutes(w) for w in ("15m", "4h", "5d", "session")] == [15, 240, None, None]
    assert [days_back(w) for w in ("5d", "15m", "since_armed")] == [5, None, None]


def test_sentences():
    def say(**params):
        return TRIGGERS[KIND].sentence(parse(KIND, **params), "AAPL")

    assert say(change="3", direction="up") == "AAPL rises 3 % from the previous close"
    assert say(change="3", direction="down", window="5d") == "AAPL falls 3 % within 5 sessions"
    assert say(change="1.5", window="60m") == "AAPL moves 1.5 % within 1h"
    assert say(change="2", direction="up", window="session") == "AAPL rises 2 % from today's open"
    assert say(change="2", window="since_armed") == "AAPL moves 2 % from the price when the rule was armed"


# --- meaning
def test_it_fires_when_the_change_from_the_previous_close_reaches_the_size():
    base = {"prev_close": D(200), "session_open": D(1)}
    assert fires_at(KIND, {"change": "3", "direction": "up"}, ["205.99", "206"], **base) == [1]
    assert fires_at(KIND, {"change": "3", "direction": "down"}, ["194.01", "194"], **base) == [1]
    assert fires_at(KIND, {"change": "3"}, [200, "194.01", "205.99", "194"], **base) == [3]
    assert fires_at(KIND, {"change": "3"}, [200, "194.01", "205.99", "206"], **base) == [3]


def test_up_does_not_fire_on_a_fall_nor_down_on_a_rise():
    assert fires_at(KIND, {"change": "3", "direction": "up"}, [100], prev_close=D(200)) == []
    assert fires_at(KIND, {"change": "3", "direction": "down"}, [300], prev_close=D(200)) == []


def test_the_window_session_counts_from_todays_open():
    assert fires_at(KIND, {"change": "3", "direction": "up", "window": "session"}, [103], session_open=D(100)) == [0]
    assert fires_at(KIND, {"change": "3", "window": "session"}, [103], prev_close=D(50)) == []


def test_without_its_base_the_change_is_unknown_and_nothing_fires():
    for window in ("1d", "session", "5d", "15m"):
        for price in ("0.01", "1000000"):
            assert fires_at(KIND, {"change": "3", "window": window}, [price, price]) == []


def test_a_stored_base_serves_the_windows_of_days_and_minutes():
    for window in ("5d", "15m", "4h"):
        plan = plan_of(KIND, {"change": "3", "direction": "down", "window": window})
        slices = [market(price, START + timedelta(seconds=n + 1)) for n, price in enumerate(["97.01", "97"])]
        assert fired(plan, slices, reference=D(100)) == [1]


def test_since_armed_takes_the_first_price_as_its_base():
    up = {"change": "3", "direction": "up", "window": "since_armed"}
    assert fires_at(KIND, up, [200, "205.99", "206"]) == [2]
    either = {"change": "3", "window": "since_armed"}
    assert fires_at(KIND, either, [200, "205.99", "194"]) == [2]


def test_since_armed_starts_from_a_new_base_after_firing():
    up = {"change": "10", "direction": "up", "window": "since_armed"}
    # 100 base, 110 fires, 112 is the next base, 123.2 is 10 % above it
    assert fires_at(KIND, up, [100, 110, 112, 120, "123.2"], EVERY_TIME) == [1, 4]


def test_either_way_sees_both_ends_of_a_range():
    assert fires_at(KIND, {"change": "3"}, [(97, 102, 100)], prev_close=D(100)) == [0]
    assert fires_at(KIND, {"change": "3"}, [(98, 103, 100)], prev_close=D(100)) == [0]
    assert fires_at(KIND, {"change": "3"}, [("97.01", "102.99", 100)], prev_close=D(100)) == []
