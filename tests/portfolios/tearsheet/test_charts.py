"""Charts: ticks people can read, labels that do not touch, curves that keep their extremes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from portfolios.tearsheet.charts import APART, date_ticks, drawdown_chart, growth_chart, nice_ticks, thinned
from portfolios.tearsheet.shapes import Line, Words
from portfolios.tearsheet.sheet import shade_of
from portfolios.tearsheet.svg import svg
from portfolios.tearsheet.words import dollars, percent, ratio

START = date(2024, 1, 1)


def dates(count: int) -> list[date]:
    return [START + timedelta(days=number) for number in range(count)]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 47, [0, 10, 20, 30, 40, 50]),
        (-12, 31, [-20, -10, 0, 10, 20, 30, 40]),
        (-0.4, 0, [-0.4, -0.3, -0.2, -0.1, 0]),
        (0, 0, [0, 0.02]),
    ],
)
def test_ticks_are_round_and_cover_the_data(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(("count", "first"), [(5, "1 Jan"), (150, "Feb 2024"), (2000, "2025")])
def test_dates_are_years_months_or_days(count: int, first: str) -> None:
    ticks = date_ticks(dates(count))
    assert ticks[0][1] == first
    assert len(ticks) <= 8


def test_thinning_keeps_the_highest_and_the_lowest() -> None:
    values: list[float | None] = [None, *[float(i % 97) for i in range(5000)]]
    values[1234], values[4321] = 999.0, -999.0
    kept = dict(thinned(values, 700))
    assert len(kept) <= 702
    assert (kept[1234], kept[4321], kept[1], kept[5000]) == (999, -999, 0, values[5000])


def test_labels_do_not_touch() -> None:
    own = [1.0, 1.1, 1.2]
    drawing = growth_chart(dates(3), own, [1.0, 1.1, 1.2001], "SPY")
    names = [shape for shape in drawing.shapes if isinstance(shape, Words) and shape.bold]
    assert [name.text for name in names] == ["SPY", "Account"]
    assert names[1].y - names[0].y >= APART
    assert "Account +20.0 %" in drawing.summary


def test_a_drawdown_is_an_area_below_zero() -> None:
    drawing = drawdown_chart(dates(3), [0.0, -0.2, -0.1])
    area = next(shape for shape in drawing.shapes if isinstance(shape, Line) and shape.fill)
    assert area.points[0][1] == area.points[-1][1] < area.points[2][1]
    assert drawing.summary == "Deepest fall below a high: -20.0 %."


def test_svg_escapes_words() -> None:
    text = svg(growth_chart(dates(2), [1, 1], [1, 1], '<"&'))
    assert "&lt;" in text
    assert '<"' not in text


def test_numbers_as_they_are_written() -> None:
    assert [percent(value, signed=True) for value in (0.1234, -0.05, 0.0, -0.00001)] == [
        "+12.3\u00a0%",
        "\u22125.0\u00a0%",
        "0.0\u00a0%",
        "0.0\u00a0%",
    ]
    assert (percent(None), ratio(None), dollars(None)) == ("–", "–", "–")
    assert (dollars(-1234.5), dollars(2, signed=True), dollars(0, signed=True)) == (
        "\u2212$1,234.50",
        "+$2.00",
        "$0.00",
    )
    assert ratio(-1.005) == "\u22121.00"
    assert [shade_of(gain) for gain in (0, 0.001, 0.02, -0.04, 0.5)] == [0, 1, 2, -3, 4]
