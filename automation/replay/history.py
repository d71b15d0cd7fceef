"""What a series refers to at each bar: closes of other sessions, of minutes ago, averages. Plain Python and numpy.

Each function is the vectorised twin of one in `automation.observing`; the parity test holds them together.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

import numpy as np

from automation import averages
from automation.replay.bars import Bars, Floats, Seconds, exact

ROLLING_TOLERANCE = 600  # seconds: a base older than this beyond its window is no base (observing.TOLERANCE)
MINUTES = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "2h": 120, "4h": 240}
DAY = "1d"


class NotReplayable(ValueError):
    """These bars cannot show this rule what it looks at. The message says what to do."""


def closed_before(bars: Bars, other: Bars) -> Seconds:
    """For each of `bars`, how many of `other` had closed when it began."""
    return np.searchsorted(other.ends, bars.starts, side="right").astype(np.int64)


def closes_back(bars: Bars, daily: Bars, sessions: int) -> Floats:
    """For each bar, the close so many sessions ago; NaN where that is not known."""
    return _picked(daily.close, closed_before(bars, daily) - sessions)


def average_volumes(bars: Bars, daily: Bars, days: int) -> Floats:
    """For each bar, the average volume of the sessions before; NaN where there are too few, or nothing traded."""
    closed = closed_before(bars, daily)
    total = np.concatenate([[0.0], np.cumsum(daily.volume)])
    enough = closed >= days
    sums = np.where(enough, total[closed] - total[np.where(enough, closed - days, 0)], np.nan)
    return np.where(sums > 0, sums / days, np.nan)


def minutes_back(bars: Bars, minutes: int) -> Floats:
    """For each minute bar, the price so long before it: the close of the bar that ended there; NaN where none is."""
    if bars.daily:
        raise NotReplayable(f"this trigger looks {minutes} minutes back: replay it over minute bars (timeframe 1m)")
    then = bars.starts - (minutes + 1) * 60
    at = np.searchsorted(bars.starts, then, side="right") - 1
    young = (at >= 0) & (bars.starts[at] > then - ROLLING_TOLERANCE)
    return _picked(bars.close, np.where(young, at, -1))


def in_timeframe(bars: Bars, daily: Bars, timeframe: str) -> Bars:
    """The same history in bars of `timeframe`, cut at whole multiples as `markets.selectors` cuts them."""
    if timeframe == DAY:
        return daily
    if bars.daily:
        raise NotReplayable(f"this trigger looks at {timeframe} bars: replay it over minute bars (timeframe 1m)")
    if timeframe not in MINUTES:
        raise NotReplayable(f"bars of {timeframe} cannot be made here")
    width = MINUTES[timeframe] * 60
    if width == 60:
        return bars
    slots = bars.starts // width
    begins = np.flatnonzero(np.concatenate([[True], slots[1:] != slots[:-1]])) if len(bars) else np.array([], np.intp)
    last = np.concatenate([begins[1:], [len(bars)]]).astype(np.intp) - 1 if len(bars) else begins
    return replace(
        bars,
        timeframe=timeframe,
        starts=slots[begins] * width,
        ends=(slots[begins] + 1) * width,
        open=bars.open[begins],
        high=np.maximum.reduceat(bars.high, begins) if len(bars) else bars.high,
        low=np.minimum.reduceat(bars.low, begins) if len(bars) else bars.low,
        close=bars.close[last],
        volume=np.add.reduceat(bars.volume, begins) if len(bars) else bars.volume,
        first=0,
    )


@lru_cache(maxsize=64)
def weights(kind: str, period: int, window: int) -> Floats:
    """What each of `window` closes counts for in the average of `period`, oldest first, as talipp seeds it."""
    made = np.zeros(window)
    if kind == "sma":
        made[window - period :] = 1 / period
        return made
    keep = 1 - 1 / period if kind == "wilder" else 1 - 2 / (period + 1)
    ages = np.arange(window - 1, -1, -1, dtype=np.float64)
    made[:] = (1 - keep) * keep**ages
    made[:period] = keep ** (window - period) / period
    return made


def strengths(history: Bars, period: int) -> Floats:
    """For each bar, Wilder's RSI (0 to 100) at its close over ten periods; NaN: too few bars, none moved."""
    values = np.full(len(history), np.nan)
    window = 10 * period
    if len(history) <= window:
        return values
    moves = np.diff(history.close)
    made = weights("wilder", period, window)[::-1]
    gains = np.convolve(np.maximum(moves, 0), made, mode="valid")
    losses = np.convolve(np.maximum(-moves, 0), made, mode="valid")
    total = gains + losses
    values[window:] = np.where(total > 0, 100 * gains / np.where(total > 0, total, 1), np.nan)
    return np.round(values, 9)


def crosses(history: Bars, kind: str, short: int, long: int) -> Floats:
    """For each bar, +1 crossed up at its close, -1 down, 0 neither, NaN too few bars: `averages.cross_at_close`."""
    needed = averages.bars_needed(kind, long)
    values = np.full(len(history), np.nan)
    if len(history) < needed:
        return values
    closes = history.close
    now = _spread(closes, kind, short, long, needed)
    # The bar before, from the same window: one close less.
    before = _spread(closes, kind, short, long, needed - 1)[: len(now)]
    near = 1e-7 * closes[needed - 1 :]
    values[needed - 1 :] = 0.0
    may = ((now > -near) & (before <= near)) | ((now < near) & (before >= -near))
    for at in np.flatnonzero(may) + needed - 1:
        part = closes[at - needed + 1 : at + 1]
        if part.min() != part.max():  # equal prices cross nothing
            values[at] = averages.cross_at_close([exact(close) for close in part], kind, short, long) or 0
    return values


def spread_shifts(history: Bars, kind: str, short: int, long: int) -> Floats:
    """For each number of closed bars, the shift of `averages.live_spread` (about); NaN while there are too few."""
    needed = averages.bars_needed(kind, long)
    shifts = np.full(len(history) + 1, np.nan)
    if len(history) >= needed - 1:
        shifts[needed - 1] = _shift(history.close[: needed - 1], kind, short, long)[0]
    if len(history) >= needed:
        shifts[needed:] = _shift(history.close, kind, short, long, needed)
    return shifts


def _shift(closes: Floats, kind: str, short: int, long: int, window: int | None = None) -> Floats:
    window = window or len(closes)
    if kind == "sma":
        made = np.zeros(window)
        made[window - short + 1 :] += 1 / short
        made[window - long + 1 :] -= 1 / long
    else:
        keep_short, keep_long = 1 - 2 / (short + 1), 1 - 2 / (long + 1)
        made = weights(kind, short, window) * keep_short - weights(kind, long, window) * keep_long
    return np.convolve(closes, made[::-1], mode="valid")


def exact_spread(
    history: Bars, closed: int, kind: str, short: int, long: int
) -> tuple[Decimal, Decimal, Decimal] | None:
    """`averages.live_spread` after `closed` bars."""
    needed = averages.bars_needed(kind, long)
    return averages.live_spread([exact(c) for c in history.close[max(0, closed - needed) : closed]], kind, short, long)


def _spread(closes: Floats, kind: str, short: int, long: int, window: int) -> Floats:
    made = weights(kind, short, window) - weights(kind, long, window)
    return np.convolve(closes, made[::-1], mode="valid")


def _picked(values: Floats, at: Seconds) -> Floats:
    """values[at], NaN where `at` is below 0."""
    if not len(values):
        return np.full(len(at), np.nan)
    return np.where(at >= 0, values[np.maximum(at, 0)], np.nan)
