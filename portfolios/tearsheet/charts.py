"""The charts of a tear sheet: growth beside the benchmark, and the way below the high. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portfolios.tearsheet.shapes import Drawing, Line, Words
from portfolios.tearsheet.words import MINUS

WIDTH = 720.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 78.0, 12.0, 26.0
INK, FAINT, GRID = "#374151", "#6b7280", "#e5e7eb"
OWN, THEIRS, FALL = "#1d4ed8", "#b45309", "#b91c1c"
FALL_AREA = "#fecaca"
MOST_POINTS = 700
APART = 12.0  # least distance of two labels, in points


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One line of a chart; None where it has no value."""

    name: str
    values: Sequence[float | None]
    colour: str
    dashed: bool = False
    area: str = ""


def growth_chart(dates: Sequence[date], own: Sequence[float], theirs: Sequence[float | None], symbol: str) -> Drawing:
    """What each return came to, in percent from the base."""
    curves = [Curve(name="Account", values=[100 * (value - 1) for value in own], colour=OWN)]
    if any(value is not None for value in theirs):
        percent = [None if value is None else 100 * (value - 1) for value in theirs]
        curves.insert(0, Curve(name=symbol, values=percent, colour=THEIRS, dashed=True))
    ends = ", ".join(f"{curve.name} {last:+.1f} %" for curve in curves if (last := curve.values[-1]) is not None)
    return _chart(dates, curves, height=250, summary=f"Return from {dates[0]} to {dates[-1]}: {ends}.")


def drawdown_chart(dates: Sequence[date], below: Sequence[float]) -> Drawing:
    """How far below the highest value so far, in percent."""
    curve = Curve(name="Account", values=[100 * value for value in below], colour=FALL, area=FALL_AREA)
    return _chart(dates, [curve], height=150, summary=f"Deepest fall below a high: {min(below) * 100:.1f} %.")


def _chart(dates: Sequence[date], curves: Sequence[Curve], *, height: float, summary: str) -> Drawing:
    known = [value for curve in curves for value in curve.values if value is not None]
    ticks = nice_ticks(min([*known, 0.0]), max([*known, 0.0]))
    low, high = ticks[0], ticks[-1]
    right, bottom = WIDTH - RIGHT, height - BOTTOM

    def x(index: int) -> float:
        return LEFT + (right - LEFT) * index / max(len(dates) - 1, 1)

    def y(value: float) -> float:
        return bottom - (bottom - TOP) * (value - low) / (high - low)

    shapes: list[Line | Words] = []
    for tick in ticks:
        colour, width = (FAINT, 0.9) if tick == 0 else (GRID, 0.7)
        shapes.append(Line(points=[(LEFT, y(tick)), (right, y(tick))], colour=colour, width=width))
        shapes.append(
            Words(x=LEFT - 6, y=y(tick) + 3.5, text=f"{tick:g} %".replace("-", MINUS), colour=FAINT, anchor="end")
        )
    for index, text in date_ticks(dates):
        shapes.append(Line(points=[(x(index), bottom), (x(index), bottom + 4)], colour=FAINT, width=0.7))
        shapes.append(Words(x=x(index), y=bottom + 16, text=text, colour=FAINT, anchor="middle"))
    for curve in curves:
        points = [(x(i), y(v)) for i, v in thinned(curve.values, MOST_POINTS)]
        if curve.area:
            shapes.append(
                Line(points=[(points[0][0], y(0)), *points, (points[-1][0], y(0))], colour=curve.area, fill=True)
            )
        shapes.append(Line(points=points, colour=curve.colour, dashed=curve.dashed))
    shapes += _labels(curves, right, [y(curve.values[-1] or 0.0) for curve in curves])
    return Drawing(width=WIDTH, height=height, shapes=tuple(shapes), summary=summary)


def _labels(curves: Sequence[Curve], right: float, heights: Sequence[float]) -> list[Words]:
    """The name of each curve at its end, moved apart if they would touch."""
    placed: list[Words] = []
    for curve, height in sorted(zip(curves, heights, strict=True), key=lambda pair: pair[1]):
        at = max(height + 3.5, placed[-1].y + APART) if placed else height + 3.5
        placed.append(Words(x=right + 6, y=at, text=curve.name, colour=curve.colour, bold=True))
    return placed


def nice_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`: 1, 2, 2.5 or 5 times a power of ten apart."""
    span = max(high - low, 0.1)
    power = 10 ** math.floor(math.log10(span / about))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power * about >= span)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def date_ticks(dates: Sequence[date], about: int = 6) -> list[tuple[int, str]]:
    """(index, label): beginnings of years, of months, or single days, whichever gives a handful."""
    months = [
        i for i in range(1, len(dates)) if (dates[i].year, dates[i].month) != (dates[i - 1].year, dates[i - 1].month)
    ]
    years = [i for i in months if dates[i].year != dates[i - 1].year]
    if len(years) >= 3:
        step = math.ceil(len(years) / (about + 2))
        return [(i, str(dates[i].year)) for i in years[::step]]
    if len(months) >= 3:
        step = math.ceil(len(months) / about)
        return [(i, f"{dates[i]:%b %Y}") for i in months[::step]]
    step = max(math.ceil(len(dates) / about), 1)
    return [(i, f"{dates[i].day} {dates[i]:%b}") for i in range(0, len(dates), step)]


def thinned(values: Sequence[float | None], most: int) -> list[tuple[int, float]]:
    """(index, value) of what is known; of more than `most`, the lowest and the highest of each stretch."""
    known = [(i, value) for i, value in enumerate(values) if value is not None]
    if len(known) <= most:
        return known
    width = math.ceil(2 * len(known) / most)
    kept = {known[0], known[-1]}
    for start in range(0, len(known), width):
        stretch = known[start : start + width]
        kept |= {min(stretch, key=lambda one: one[1]), max(stretch, key=lambda one: one[1])}
    return sorted(kept)
