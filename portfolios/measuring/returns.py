"""Time-weighted returns: what an account did, whatever was paid in and out. Plain numpy.

Between two valuations the growth is (value + paid out) / (value before + paid in): money comes in at the start and
goes out at the end of the stretch between them, so that neither counts as gain. Growths are multiplied ("linked").
Sources: GIPS 2020 §2.A (flow-adjusted subperiods, geometrically linked); the form with in- and outflows on different
sides is Portfolio Performance's TTWROR.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from portfolios.measuring.figures import DAYS, Figure, Floats, enough, known, unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """What the account was worth at a moment, in dollars; `day` is the session it belongs to."""

    at: datetime
    day: date
    equity: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    """Dollars that came in (+) or went out (−) from outside; dividends, fees and interest are none."""

    at: datetime
    day: date
    amount: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Daily:
    """One entry a session, oldest first. `growth[0]` is what the first day added before its end, else day to day."""

    dates: tuple[date, ...]
    growth: Floats  # 1.01 is a gain of 1 %
    equity: Floats  # dollars at the end of the session
    flows: Floats  # dollars in less dollars out during it

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def index(self) -> Floats:
        """What one dollar became by each date."""
        return np.asarray(np.cumprod(self.growth), dtype=np.float64)

    @property
    def returns(self) -> Floats:
        """Day to day; the first, partial day is left out."""
        return np.asarray(self.growth[1:] - 1.0, dtype=np.float64)

    @property
    def days(self) -> int:
        """Calendar days from the first to the last date."""
        return (self.dates[-1] - self.dates[0]).days if self.dates else 0

    def since(self, start: date | None) -> Daily:
        """From the last date at or before `start` on, that date being the base (growth 1); all if None or earlier."""
        if start is None or not self.dates or start < self.dates[0]:
            return self
        first = bisect_right(self.dates, start) - 1
        growth, flows = self.growth[first:].copy(), self.flows[first:].copy()
        growth[0], flows[0] = 1.0, 0.0
        return Daily(dates=self.dates[first:], growth=growth, equity=self.equity[first:], flows=flows)


def linked(points: Sequence[Point], flows: Sequence[Flow]) -> Daily:
    """Daily growths from valuations and flows, both in order of time.

    There may be several points a day: the one before a flow makes the result exact. A flow after the last point waits
    for the next one.
    """
    dates: list[date] = []
    growth: list[float] = []
    equity: list[float] = []
    moved: list[float] = []
    before, coming = 0.0, 0
    for point in points:
        paid_in = paid_out = 0.0
        while coming < len(flows) and flows[coming].at <= point.at:
            amount = flows[coming].amount
            paid_in, paid_out = paid_in + max(amount, 0.0), paid_out - min(amount, 0.0)
            coming += 1
        base = before + paid_in
        # Without capital nothing grows; a first valuation without a flow is where the record begins.
        grew = (point.equity + paid_out) / base if base > 0 else 1.0
        before = point.equity
        if dates and dates[-1] == point.day:
            growth[-1] *= grew
            equity[-1] = point.equity
            moved[-1] += paid_in - paid_out
        else:
            dates.append(point.day)
            growth.append(grew)
            equity.append(point.equity)
            moved.append(paid_in - paid_out)
    return Daily(dates=tuple(dates), growth=np.array(growth), equity=np.array(equity), flows=np.array(moved))


def growth_line(points: Sequence[tuple[datetime, float]], flows: Sequence[tuple[datetime, float]]) -> list[float]:
    """What one dollar at the first point became by each point, payments in and out aside; for curves within a day.

    Flows at or before the first point are in it.
    """
    line: list[float] = []
    coming = 0
    for place, (at, equity) in enumerate(points):
        paid_in = paid_out = 0.0
        while coming < len(flows) and flows[coming][0] <= at:
            amount = flows[coming][1]
            paid_in, paid_out = paid_in + max(amount, 0.0), paid_out - min(amount, 0.0)
            coming += 1
        base = points[place - 1][1] + paid_in if place else 0.0
        line.append(line[-1] * (equity + paid_out) / base if line and base > 0 else line[-1] if line else 1.0)
    return line


def time_weighted(daily: Daily) -> Figure:
    """The return over the whole stretch, not annualised: 0.1 is 10 %."""
    if len(daily) < 2:
        return unknown("Two sessions are needed to compare; the equity curve has fewer.")
    return known(float(daily.index[-1]) - 1.0)


def annual_growth(total: float, days: int) -> Figure:
    """CAGR: (1 + total return) ^ (365 / days) − 1. Less than a year is not annualised (GIPS 2020 §2.A)."""
    if days < DAYS:
        return unknown(f"Less than a year ({days} days): returns of part of a year are not annualised.")
    if total <= -1:
        return known(-1.0)
    return known((1.0 + total) ** (DAYS / days) - 1.0)


def monthly(daily: Daily) -> list[tuple[int, int, float]]:
    """(year, month, return) of each month with a session; the first and the last may be partial months."""
    table: list[tuple[int, int, float]] = []
    for day, grew in zip(daily.dates, daily.growth.tolist(), strict=True):
        if table and table[-1][:2] == (day.year, day.month):
            table[-1] = (day.year, day.month, (1 + table[-1][2]) * grew - 1)
        else:
            table.append((day.year, day.month, grew - 1))
    return table


def yearly(table: Sequence[tuple[int, int, float]]) -> dict[int, float]:
    """The months of each year, linked."""
    years: dict[int, float] = {}
    for year, _, gained in table:
        years[year] = (1 + years.get(year, 0.0)) * (1 + gained) - 1
    return years


def best_and_worst(returns: Floats) -> tuple[Figure, Figure]:
    """The best and the worst day."""
    missing = enough(returns, 1)
    if missing:
        return unknown(missing), unknown(missing)
    return known(float(returns.max())), known(float(returns.min()))
