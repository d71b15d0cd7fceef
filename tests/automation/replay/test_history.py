"""The arrays against the functions the live engine uses, bar by bar."""

from __future__ import annotations

import random
from decimal import Decimal

import numpy as np
import pytest
from talipp.indicators import RSI

from automation import averages
from automation.replay import history
from automation.replay.bars import exact
from automation.replay.book import Book, Terms
from automation.replay.feeds import Tape
from automation.replay.pushed import DrawdownFeed
from tests.automation.replay.making import daily, minutes
from watches.specs import Scan, SeriesSpec

D = Decimal


def walk(size: int, seed: int = 1) -> list[float]:
    chance, price, made = random.Random(seed), 100.0, []
    for _ in range(size):
        price = round(price * (1 + chance.gauss(0, 0.01)), 2)
        made.append(price)
    return made


@pytest.mark.parametrize("kind", ["sma", "ema"])
def test_crosses_are_those_of_the_live_average(kind: str) -> None:
    bars = daily(walk(200))
    found = history.crosses(bars, kind, 3, 9)
    closes = [exact(close) for close in bars.close]
    needed = averages.bars_needed(kind, 9)
    for at in range(len(bars)):
        window = closes[max(0, at + 1 - needed) : at + 1]
        expected = averages.cross_at_close(window, kind, 3, 9)
        assert (None if np.isnan(found[at]) else int(found[at])) == expected


@pytest.mark.parametrize("kind", ["sma", "ema"])
def test_spreads_are_those_of_the_live_average(kind: str) -> None:
    bars = daily(walk(120, seed=2))
    shifts = history.spread_shifts(bars, kind, 4, 11)
    for closed in range(len(bars) + 1):
        expected = history.exact_spread(bars, closed, kind, 4, 11)
        if expected is None:
            assert np.isnan(shifts[closed])
        else:
            assert abs(shifts[closed] - float(expected[0])) < 1e-6


def test_equal_prices_cross_nothing() -> None:
    found = history.crosses(daily([100] * 40), "sma", 3, 9)
    assert set(found[10:]) == {0.0}


def test_coarse_bars_begin_at_whole_multiples() -> None:
    bars = minutes([100 + n for n in range(12)], per_session=12)
    coarse = history.in_timeframe(bars, bars, "5m")
    assert [int(s) % 300 for s in coarse.starts] == [0, 0, 0]
    assert coarse.close.tolist() == [104, 109, 111]
    assert coarse.volume.tolist() == [5000, 5000, 2000]
    with pytest.raises(history.NotReplayable, match="minute bars"):
        history.in_timeframe(daily([1, 2]), daily([1, 2]), "5m")


def test_bases_of_windows() -> None:
    bars = minutes([100 + n for n in range(40)], per_session=40)
    found = history.minutes_back(bars, 15)
    assert np.isnan(found[15])
    assert found[16] == 100  # the bar that ended fifteen minutes before this one began
    days = daily([100, 101, 102, 103])
    assert history.closes_back(days, days, 2)[2:].tolist() == [100, 101]
    assert history.average_volumes(days, days, 2)[2:].tolist() == [1000, 1000]


def test_sessions_are_told_apart() -> None:
    bars = minutes([100, 101, 102, 103], per_session=2, volume=[1, 2, 3, 4])
    assert bars.session_open.tolist() == [100, 100, 102, 102]
    assert bars.session_volume.tolist() == [1, 3, 3, 7]


def test_relative_strength_is_talipps_over_ten_periods() -> None:
    bars = daily(walk(90, seed=3))
    found = history.strengths(bars, 5)
    assert np.isnan(found[49])
    for at in range(50, 90):
        window = [float(close) for close in bars.close[at - 50 : at + 1]]
        assert abs(found[at] - RSI(5, window)[-1]) < 1e-8
    assert np.isnan(history.strengths(daily([100] * 60), 5)[-1])


def test_the_replayed_account_sinks_and_recovers() -> None:
    bars = daily([100, 110, 99, 120, 90])
    feed = DrawdownFeed(Tape(bars=bars, daily=bars), Book(bars, Terms(cash=D(0), shares=D(1))))
    assert [round(float(feed.slice(n).last), 6) for n in range(5)] == [0, 0, 10, 0, 25]
    series = SeriesSpec(subject="", observable="drawdown")
    assert feed.next(series, Scan(direction=1, level=D(10)), 0, 5) == 2
    assert (feed.acted_on(2), feed.before(3)) == (3, 2)
