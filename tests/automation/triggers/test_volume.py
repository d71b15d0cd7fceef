from __future__ import annotations

from datetime import timedelta

from automation.triggers.registry import TRIGGERS
from tests.automation.triggers.showing import (
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

KIND = "volume_above"


# --- parameters
def test_defaults():
    assert is_normal(KIND, threshold="1000000") == {"threshold": "1000000", "window": "session"}
    assert is_normal(KIND, multiple="2.5") == {"multiple": "2.5", "average_days": 20, "window": "session"}
    assert is_normal(KIND, threshold=500, window="bar") == {"threshold": "500", "window": "bar"}


def test_exactly_one_size():
    assert "not both" in errors(KIND, threshold="5", multiple="2")["multiple"]
    assert "give threshold in shares, or multiple" in errors(KIND)["threshold"]
    assert list(errors(KIND, multiple="x")) == ["multiple"]


def test_bad_numbers_are_refused_with_their_value():
    refuses_bad_numbers(KIND, "threshold")
    refuses_bad_numbers(KIND, "multiple")
    for days in ("0", 0, -1, 251, "x", 1.5, True, [20], "NaN"):
        assert list(errors(KIND, multiple="2", average_days=days)) == ["average_days"]


def test_a_bar_has_no_average():
    assert "threshold in shares" in errors(KIND, multiple="2", window="bar")["window"]


def test_window_and_keys_are_checked():
    assert "session or bar" in errors(KIND, threshold="5", window="1d")["window"]
    assert "did you mean threshold?" in errors(KIND, threshhold="5")["threshhold"]


def test_sentences():
    def say(**params):
        return TRIGGERS[KIND].sentence(parse(KIND, **params), "AAPL")

    assert say(threshold="1000000") == "AAPL's volume today reaches 1000000 shares"
    assert say(multiple="2", average_days=10) == "AAPL's volume today reaches 2 x its 10-day average"
    assert say(threshold="500", window="bar") == "AAPL trades 500 shares or more within one minute"


# --- meaning
def _volumes(*volumes):
    return [market(100, START + timedelta(seconds=n + 1), volume=D(v)) for n, v in enumerate(volumes)]


def test_session_volume_fires_when_it_reaches_the_threshold():
    assert fired(plan_of(KIND, {"threshold": "1000"}), _volumes(0, 999, 1000, 2000)) == [2]


def test_a_multiple_is_of_the_stored_average_and_unknown_without_it():
    plan = plan_of(KIND, {"multiple": "2"})
    assert fired(plan, _volumes(10, 10_000_000)) == []
    assert fired(plan, _volumes(999, 1000), reference=D(500)) == [1]


def test_a_bars_volume_is_a_value_that_arrives_from_outside():
    plan = plan_of(KIND, {"threshold": "500", "window": "bar"})
    assert plan.spec.series.kind == SeriesKind.PUSHED
    slices = [market(1, START + timedelta(seconds=n + 1), pushed=D(v)) for n, v in enumerate((499, 500))]
    assert fired(plan, slices) == [1]
    assert fired(plan, _volumes(10_000)) == []  # the session's volume is another thing
