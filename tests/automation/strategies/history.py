"""The bundled real history as bars, for strategies and their oracles."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from automation.strategies.base import Bars
from markets.demo_history import real_days, weekdays_until

LAST = date(2013, 3, 1)


def real_bars(*symbols: str, count: int = 800) -> dict[str, Bars]:
    """The newest `count` days of the vendored series, aligned at their ends."""
    at = np.array(
        [int(datetime(d.year, d.month, d.day, tzinfo=UTC).timestamp()) for d in weekdays_until(LAST, count)],
        dtype=np.int64,
    )
    return {symbol: _columns(at, symbol, count) for symbol in symbols}


def _columns(at: np.ndarray, symbol: str, count: int) -> Bars:
    days = real_days()[symbol][-count:]
    missing = count - len(days)

    def column(name: str) -> np.ndarray:
        return np.array([np.nan] * missing + [round(getattr(day, name), 2) for day in days])

    return Bars(
        at=at,
        open=column("open"),
        high=column("high"),
        low=column("low"),
        close=column("close"),
        volume=column("volume"),
    )


def with_hole(bars: Bars, index: int) -> Bars:
    """The bars without the one at `index`."""

    def column(values: np.ndarray) -> np.ndarray:
        copy = values.copy()
        copy[index] = np.nan
        return copy

    return Bars(
        at=bars.at,
        open=column(bars.open),
        high=column(bars.high),
        low=column(bars.low),
        close=column(bars.close),
        volume=column(bars.volume),
    )
