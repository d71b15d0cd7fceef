"""Wilder's average true range, against his definition computed in fractions."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest

from automation.atr import atr_at_close, bars_used
from markets.types import BarRow
from tests.automation.blueprints.facts import NOW, days

D = Decimal


def bar(day: int, high: str, low: str, close: str) -> BarRow:
    at = NOW.replace(hour=0) + timedelta(days=day)
    return BarRow(symbol="X", timeframe="1d", at=at, open=D(low), high=D(high), low=D(low), close=D(close))


def exactly(bars: list[BarRow], period: int) -> Fraction:
    """The definition, in fractions."""
    ranges = [Fraction(bars[0].high - bars[0].low)]
    for before, now in pairwise(bars):
        ends = (now.high - now.low, abs(now.high - before.close), abs(now.low - before.close))
        ranges.append(Fraction(max(ends)))
    value = sum(ranges[:period], Fraction(0)) / period
    for true_range in ranges[period:]:
        value = (value * (period - 1) + true_range) / period
    return value


def test_gaps_count() -> None:
    # True ranges 2, 11 (up from 9 to 20), 13 (down from 19 to 6): (2 + 11) / 2 = 6.5, then (6.5 + 13) / 2 = 9.75.
    bars = [bar(0, "10", "8", "9"), bar(1, "20", "18", "19"), bar(2, "8", "6", "7")]
    assert atr_at_close(bars, 2) == D("9.75")


@pytest.mark.parametrize("period", [2, 14, 22])
def test_it_is_wilders(period: int) -> None:
    prices = [D(100) + D(n * n % 17) - D(n % 5) / 3 for n in range(400)]
    bars = [bar(n, str(p + n % 3 + 1), str(p - n % 4), str(p)) for n, p in enumerate(prices)]
    expected = exactly(bars[-bars_used(period) :], period)
    assert float(atr_at_close(bars, period) or 0) == pytest.approx(float(expected), abs=1e-9)


def test_too_few_bars_and_bars_that_stand_still_give_none() -> None:
    assert atr_at_close(days(14), 14) is None
    assert atr_at_close(days(15), 14) == D(2)
    assert atr_at_close(days(40, swing="0"), 14) is None
