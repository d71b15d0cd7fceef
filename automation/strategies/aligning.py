"""Bars of several symbols side by side: one row of times for all, NaN where a bar is missing. Plain numpy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from automation.strategies.base import Bars, Floats, Seconds

QUIET = 15 * 60  # seconds without a trade that are normal for a symbol that trades little


def aligned(
    columns: Mapping[str, Bars],
    *,
    expected: Seconds | tuple[()] = (),
    newest: int,
    width: int,
    always_open: bool,
    time_zone: str,
) -> dict[str, Bars]:
    """All symbols on one axis that ends with the bar `newest`.

    `expected`: beginnings of bars that must exist. `width` is that of intraday bars in seconds, 0 for daily ones: an
    intraday bar missing after at most `QUIET` stands at the close before it, without volume; a longer silence within a
    session (a day of `time_zone`, or any on a market that is `always_open`) is one missing bar.
    """
    axis = np.unique(
        np.concatenate([[newest], np.asarray(expected, dtype=np.int64), *(b.at for b in columns.values())])
    )
    axis = axis[axis <= newest].astype(np.int64)
    if width:
        axis = _with_silences(axis, max(width, QUIET), None if always_open else ZoneInfo(time_zone))
    return {symbol: _on(axis, bars, quiet=QUIET if width else 0) for symbol, bars in columns.items()}


def _with_silences(axis: Seconds, most: int, zone: ZoneInfo | None) -> Seconds:
    wide = np.flatnonzero(np.diff(axis) > most)
    if zone is not None:
        wide = np.array([i for i in wide if _day(axis[i], zone) == _day(axis[i + 1], zone)], dtype=np.intp)
    return np.insert(axis, wide + 1, axis[wide] + most + 1)


def _day(second: np.int64, zone: ZoneInfo) -> object:
    return datetime.fromtimestamp(int(second), UTC).astimezone(zone).date()


def _on(axis: Seconds, bars: Bars, *, quiet: int) -> Bars:
    if len(bars) == len(axis) and np.array_equal(bars.at, axis):
        return bars
    place = np.searchsorted(axis, bars.at)
    missing = np.ones(len(axis), dtype=bool)
    missing[place] = False

    def column(values: Floats) -> Floats:
        spread = np.full(len(axis), np.nan)
        spread[place] = values
        return spread

    made = {name: column(getattr(bars, name)) for name in ("open", "high", "low", "close", "volume")}
    if quiet and len(bars):
        last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(axis))))
        still = missing & (last >= 0) & (axis - axis[last] <= quiet)
        close = made["close"][last]
        for name in ("open", "high", "low", "close"):
            made[name] = np.where(still, close, made[name])
        made["volume"] = np.where(still, 0.0, made["volume"])
    return Bars(at=axis, **made)
