"""The words of the history: every trigger's values with their unit, no line longer than its column."""

from __future__ import annotations

from decimal import Decimal

import pytest

from automation import trace_lines as lines
from automation.trace_lines import Measure
from automation.triggers.registry import TRIGGERS
from watches.specs import SeriesSpec, WatchSpec

D = Decimal


def spec(level: str, direction: int = 1, *, strict: bool = False) -> WatchSpec:
    series = SeriesSpec(subject="AAPL", observable="")
    return WatchSpec(series=series, direction=direction, level=D(level), strict=strict)


@pytest.mark.parametrize(
    ("kind", "params", "direction", "value", "level", "line"),
    [
        ("price_above", {}, 1, "189.9", "189.5", "AAPL 189.90 is at or above 189.50"),
        ("price_below", {}, -1, "0.1234", "0.2", "AAPL 0.1234 is at or below 0.20"),
        ("change_pct", {}, 1, "5.123456789", "5", "AAPL moved by 5.1235 % is at or above 5 %"),
        ("volume_above", {}, 1, "1000000", "5000", "AAPL volume 1000000 shares is at or above 5000 shares"),
        (
            "volume_above", {"multiple": "2"}, 1, "2.5", "2",
            "AAPL volume 2.5 times the average is at or above 2 times the average",
        ),
        ("trailing_stop", {"amount": "5"}, 1, "5.5", "5", "AAPL's way from its best price, $5.50 is at or above $5.00"),
        ("ma_cross", {"on": "close"}, 1, "1", "1", "AAPL's averages crossed upwards at a bar's close"),
        ("ma_cross", {"on": "close"}, -1, "-1", "-1", "AAPL's averages crossed downwards at a bar's close"),
        ("rsi_below", {}, -1, "28.5", "30", "AAPL RSI 28.5 is at or below 30"),
        ("something_new", {}, 1, "2", "1", "AAPL something new 2 is at or above 1"),
    ],
)  # fmt: skip
def test_a_reached_level_in_words(kind, params, direction, value, level, line):
    measure = lines.measure_of(kind, params, "AAPL")
    assert lines.reached(measure, spec(level, direction), direction, D(value), D(value)) == line


def test_an_extreme_and_a_strict_level():
    measure = Measure(label="AAPL", money=True)
    told = lines.reached(measure, spec("90", strict=True), 1, D("91.5"), D(89))
    assert told == "AAPL reached 91.50 (now 89.00), above 90.00"


@pytest.mark.parametrize("kind", sorted(TRIGGERS))
def test_every_trigger_has_words(kind):
    params = TRIGGERS[kind].parse(TRIGGERS[kind].example)
    assert lines.measure_of(kind, params, "AAPL").label.startswith("AAPL")


def test_a_line_is_clipped_to_its_column_and_begins_with_a_capital_letter():
    clipped = lines.clip("x" * 400)
    assert (len(clipped), clipped[0], clipped[-1]) == (lines.LONGEST, "X", "…")


@pytest.mark.parametrize(
    ("value", "text"), [("189.9", "189.90"), ("5", "5.00"), ("0.00012", "0.00012"), ("1E+3", "1000.00")]
)
def test_prices(value, text):
    assert lines.price_text(D(value)) == text
