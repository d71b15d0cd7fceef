"""The values that closed bars push: crosses of averages, volumes of minutes. Plain Python and numpy.

A value is known when its bar closes; it can be acted on in the next bar, at its open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import numpy as np

from automation.replay import history, scanning
from automation.replay.bars import Floats, Seconds, exact, moment
from automation.replay.feeds import Tape
from automation.replay.history import NotReplayable
from common.money import nano
from watches.specs import MarketSlice, Scan, SeriesSpec

Values = tuple[Seconds, Floats]  # when each bar closed, and its value (NaN: unknown)


def _ma_cross(tape: Tape, rest: str) -> Values:
    kind, short, long, timeframe = rest.split(":")
    bars = history.in_timeframe(tape.bars, tape.daily, timeframe)
    return bars.ends, history.crosses(bars, kind, int(short), int(long))


def _bar_volume(tape: Tape, rest: str) -> Values:
    bars = history.in_timeframe(tape.bars, tape.daily, rest)
    return bars.ends, bars.volume


def _rsi(tape: Tape, rest: str) -> Values:
    period, timeframe = rest.split(":")
    bars = history.in_timeframe(tape.bars, tape.daily, timeframe)
    return bars.ends, history.strengths(bars, int(period))


# A trigger on closed bars is a line here: the name of its observable -> its values over the bars.
SOURCES: dict[str, Callable[[Tape, str], Values]] = {"ma_cross": _ma_cross, "bar_volume": _bar_volume, "rsi": _rsi}


@dataclass(frozen=True, eq=False)
class PushedFeed:
    """Values of a pushed series as observations."""

    at: Seconds
    bar: Seconds
    values: Floats

    def acted_on(self, index: int) -> int:
        return int(self.bar[index])

    def before(self, bar: int) -> int:
        return int(np.searchsorted(self.bar, bar, side="left"))

    def slice(self, index: int) -> MarketSlice:
        value, at = nano(exact(self.values[index])), moment(self.at[index])
        return MarketSlice(at=at, since=at, low=value, high=value, last=value, pushed=value)

    def as_of(self, series: SeriesSpec, index: int) -> SeriesSpec:
        return series

    def next(self, series: SeriesSpec, scan: Scan, start: int, stop: int) -> int:
        return scanning.reaching(self.values, float(scan.level), scan.direction, start, stop)


def pushed_feed(tape: Tape, observable: str) -> PushedFeed:
    """The feed of a pushed series. Raises NotReplayable for one that is not known here."""
    name = observable.removeprefix("abs_")
    kind, _, rest = name.partition(":")
    if kind not in SOURCES:
        raise NotReplayable(f"{kind!r} cannot be worked out from bars")
    at, values = SOURCES[kind](tape, rest)
    keep = ~np.isnan(values)
    at, values = at[keep], values[keep]
    if name != observable:
        at, values = _pulses(at, np.abs(values))
    return PushedFeed(at, np.searchsorted(tape.bars.starts, at, side="left").astype(np.int64), values)


def _pulses(at: Seconds, values: Floats) -> Values:
    """Two crosses in a row, up and down, are two pulses: a zero a second before the second, as observing pushes it."""
    again = np.flatnonzero((values[1:] != 0) & (values[:-1] != 0)) + 1
    return np.insert(at, again, at[again] - 1), np.insert(values, again, 0.0)


class Worth(Protocol):
    """What a drawdown is measured on."""

    @property
    def cash(self) -> Decimal: ...
    @property
    def shares(self) -> Decimal: ...


class DrawdownFeed:
    """How far the replayed account is below its highest worth, in percent, judged at every close."""

    def __init__(self, tape: Tape, book: Worth) -> None:
        self.bars = tape.bars
        self.book = book
        self.at = tape.bars.ends
        self._seen, self._peak = tape.bars.first, 0.0
        self._values = np.full(len(tape.bars), np.nan)

    def acted_on(self, index: int) -> int:
        return index + 1

    def before(self, bar: int) -> int:
        return max(bar - 1, 0)

    def slice(self, index: int) -> MarketSlice:
        self._look(index + 1)
        value, at = nano(exact(self._values[index])), moment(self.at[index])
        return MarketSlice(at=at, since=at, low=value, high=value, last=value, pushed=value)

    def as_of(self, series: SeriesSpec, index: int) -> SeriesSpec:
        return series

    def next(self, series: SeriesSpec, scan: Scan, start: int, stop: int) -> int:
        self._look(stop)
        return scanning.reaching(self._values, float(scan.level), scan.direction, start, stop)

    def _look(self, stop: int) -> None:
        """Values up to `stop`: until the next order at work meets a bar, cash and shares stay what they are."""
        if stop <= self._seen:
            return
        part = slice(self._seen, stop)
        worth = float(self.book.cash) + float(self.book.shares) * self.bars.close[part]
        peaks = np.maximum(np.maximum.accumulate(worth), self._peak)
        self._values[part] = np.where(peaks > 0, (peaks - worth) * 100 / np.where(peaks > 0, peaks, 1), 0.0)
        self._seen, self._peak = stop, float(peaks[-1])
