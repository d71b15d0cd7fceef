"""What a watch is shown: each bar as one observation, or the values that closed bars push. Plain Python and numpy.

A feed answers two questions: which observation may matter next (a quick search), and what exactly it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

import numpy as np

from automation.replay import history, scanning
from automation.replay.bars import Bars, Floats, Seconds, exact, moment
from automation.replay.history import NotReplayable
from automation.triggers.change import days_back, rolling_minutes
from common.money import ZERO, nano
from watches.specs import PEAKS, Base, MarketSlice, Scan, SeriesKind, SeriesSpec, WatchSpec


@dataclass(frozen=True, kw_only=True)
class Tape:
    """The bars of a replay, and the daily bars of the same symbol with those of the year before."""

    bars: Bars
    daily: Bars


class Feed(Protocol):
    """Observations in order of time, by index."""

    @property
    def at(self) -> Seconds:
        """When each is over."""

    def acted_on(self, index: int) -> int:
        """The bar in which the observation can be acted on."""

    def before(self, bar: int) -> int:
        """How many observations can be acted on before this bar."""

    def slice(self, index: int) -> MarketSlice:
        """The observation."""

    def as_of(self, series: SeriesSpec, index: int) -> SeriesSpec:
        """The series with the coefficients it has at this observation."""

    def next(self, series: SeriesSpec, scan: Scan, start: int, stop: int) -> int:
        """The first observation in [start, stop) that the scan may reach; `stop` when there is none."""


class BarFeed:
    """Bars as observations: low, high and, last of all, the close."""

    def __init__(self, tape: Tape, spec: WatchSpec) -> None:
        self.tape = tape
        self._base = spec.series.base
        self._volume = spec.series.kind == SeriesKind.VOLUME
        self.bars = tape.bars
        self.at = tape.bars.ends
        self._prev_close: Floats | None = None
        self._coefficients: dict[str, _Coefficients] = {}
        self._values: dict[str, tuple[Floats, Floats]] = {}

    def acted_on(self, index: int) -> int:
        return index

    def before(self, bar: int) -> int:
        return bar

    @property
    def prev_close(self) -> Floats:
        """For each bar, the close of the session before."""
        if self._prev_close is None:
            self._prev_close = history.closes_back(self.bars, self.tape.daily, 1)
        return self._prev_close

    def slice(self, index: int) -> MarketSlice:
        """Only what the watched series looks at is worked out; the rest stays unknown."""
        bars = self.bars
        before = float(self.prev_close[index]) if self._base == Base.PREV_CLOSE else float("nan")
        return MarketSlice(
            at=moment(bars.ends[index]),
            since=moment(bars.starts[index]),
            low=exact(bars.low[index]),
            high=exact(bars.high[index]),
            last=exact(bars.close[index]),
            volume=exact(bars.session_volume[index]) if self._volume else ZERO,
            prev_close=exact(before) if before == before else None,
            session_open=exact(bars.session_open[index]) if self._base == Base.SESSION_OPEN else None,
        )

    def as_of(self, series: SeriesSpec, index: int) -> SeriesSpec:
        if not _moves(series):
            return series
        shift, numerator, reference = self._of(series).exact(index)
        return replace(series, shift=shift, numerator=numerator, reference=reference)

    def next(self, series: SeriesSpec, scan: Scan, start: int, stop: int) -> int:
        level = float(scan.level)
        if series.kind != SeriesKind.VOLUME and series.base == Base.STORED and not _moves(series):
            return self._next_price(series, level, scan.direction, start, stop)
        low, high = self._ranges(series)
        return scanning.reaching(high if scan.direction > 0 else low, level, scan.direction, start, stop)

    def next_known(self, series: SeriesSpec, start: int, stop: int) -> int:
        """The first observation at which the series has a value."""
        if _moves(series) or series.base != Base.STORED:
            return scanning.known(self._ranges(series)[0], start, stop)
        return start

    def _next_price(self, series: SeriesSpec, level: float, direction: int, start: int, stop: int) -> int:
        """A constant formula: the level is a price, and prices are compared as they are."""
        low, high = self.bars.low, self.bars.high
        if series.observable == "price":
            return scanning.reaching(high if direction > 0 else low, level, direction, start, stop)
        scale = float(series.reference or 1) / float(series.numerator)
        shift = float(series.shift)
        up = (level - shift) * scale
        if series.kind != SeriesKind.ABSOLUTE:
            return scanning.reaching(high if direction > 0 else low, up, direction, start, stop)
        down = (-level - shift) * scale
        if direction < 0:
            return scanning.touching(low, high, down, up, start, stop)
        first = scanning.reaching(high, up, 1, start, stop)
        return scanning.reaching(low, down, -1, start, first)

    def _ranges(self, series: SeriesSpec) -> tuple[Floats, Floats]:
        """The series' lowest and highest value in each bar, as floats; NaN where unknown."""
        key = f"{series.kind}:{series.base}:{series.observable}"
        if key not in self._values:
            self._values[key] = self._made(series)
        return self._values[key]

    def _made(self, series: SeriesSpec) -> tuple[Floats, Floats]:
        if series.kind == SeriesKind.VOLUME:
            reference = self._of(series).reference if _moves(series) else float(series.reference or 1)
            value = float(series.shift) + self.bars.session_volume * float(series.numerator) / reference
            return value, value
        if series.base == Base.PREV_CLOSE:
            shift, numerator, reference = float(series.shift), float(series.numerator), self.prev_close
        elif series.base == Base.SESSION_OPEN:
            shift, numerator, reference = float(series.shift), float(series.numerator), self.bars.session_open
        else:
            moving = self._of(series)
            low = moving.shift + self.bars.low * moving.numerator / moving.reference
            high = moving.shift + self.bars.high * moving.numerator / moving.reference
            return _signless(low, high) if series.kind == SeriesKind.ABSOLUTE else (low, high)
        low = shift + self.bars.low * numerator / reference
        high = shift + self.bars.high * numerator / reference
        return _signless(low, high) if series.kind == SeriesKind.ABSOLUTE else (low, high)

    def _of(self, series: SeriesSpec) -> _Coefficients:
        name = series.observable.removeprefix("abs_")
        if name not in self._coefficients:
            self._coefficients[name] = _coefficients(self.tape, series, name)
        return self._coefficients[name]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Coefficients:
    """value = shift + x * numerator / reference, bar by bar. `exact` gives them as the engine stores them."""

    shift: Floats | float
    numerator: float
    reference: Floats | float
    exact: Callable[[int], tuple[Decimal, Decimal, Decimal | None]]


def _moves(series: SeriesSpec) -> bool:
    """Whether `automation.observing` keeps its coefficients: they are not in the plan."""
    return series.reference is None and series.base == Base.STORED and series.kind not in (*PEAKS, SeriesKind.PUSHED)


def _coefficients(tape: Tape, series: SeriesSpec, name: str) -> _Coefficients:
    kind, _, rest = name.partition(":")
    if kind == "ma_spread":
        return _spread(tape, rest)
    if kind == "change_pct":
        minutes, days = rolling_minutes(rest), days_back(rest)
        if minutes:
            reference = history.minutes_back(tape.bars, minutes)
        elif days:
            reference = history.closes_back(tape.bars, tape.daily, days)
        else:
            raise NotReplayable(f"the window {rest!r} cannot be replayed")
    elif kind == "volume_ratio":
        reference = history.average_volumes(tape.bars, tape.daily, int(rest))
    else:
        raise NotReplayable(f"{name!r} cannot be worked out from bars")

    def exactly(index: int) -> tuple[Decimal, Decimal, Decimal | None]:
        base = float(reference[index])
        return series.shift, series.numerator, nano(exact(base)) if base == base else None

    return _Coefficients(
        shift=float(series.shift), numerator=float(series.numerator), reference=reference, exact=exactly
    )


def _spread(tape: Tape, rest: str) -> _Coefficients:
    kind, short_text, long_text, timeframe = rest.split(":")
    short, long = int(short_text), int(long_text)
    closed_bars = history.in_timeframe(tape.bars, tape.daily, timeframe)
    closed = history.closed_before(tape.bars, closed_bars)
    shift = history.spread_shifts(closed_bars, kind, short, long)[closed]

    def exactly(index: int) -> tuple[Decimal, Decimal, Decimal | None]:
        found = history.exact_spread(closed_bars, int(closed[index]), kind, short, long)
        return found or (Decimal(0), Decimal(1), None)

    share = (long - short) / (short * long)
    if kind == "ema":
        share = 2 * (long - short) / ((short + 1) * (long + 1))
    return _Coefficients(shift=shift, numerator=share, reference=1.0, exact=exactly)


def _signless(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    one, other = np.abs(low), np.abs(high)
    straddles = (np.minimum(low, high) <= 0) & (np.maximum(low, high) >= 0)
    return np.where(straddles, 0.0, np.minimum(one, other)), np.maximum(one, other)
