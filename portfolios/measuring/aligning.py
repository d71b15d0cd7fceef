"""Closes of several symbols side by side: one column a session, NaN where a symbol has no close. Plain numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from portfolios.measuring.figures import Floats


class Series(Protocol):
    """Day numbers and prices of one symbol, oldest first."""

    @property
    def days(self) -> Sequence[int]: ...
    @property
    def prices(self) -> Sequence[float]: ...


def side_by_side(
    series: Mapping[str, Series], symbols: Sequence[str], last: int | None = None
) -> tuple[NDArray[np.int64], Floats]:
    """(days, closes[symbol, day]) over the days any of them has; the last `last` of these."""
    known = [np.asarray(series[symbol].days, dtype=np.int64) for symbol in symbols if symbol in series]
    days = np.unique(np.concatenate(known)) if known else np.empty(0, dtype=np.int64)
    days = days if last is None else days[-last:]
    closes = np.full((len(symbols), len(days)), np.nan)
    for row, symbol in enumerate(symbols):
        if symbol in series and len(days):
            own = np.asarray(series[symbol].days, dtype=np.int64)
            shown = own >= days[0]
            closes[row, np.searchsorted(days, own[shown])] = np.asarray(series[symbol].prices)[shown]
    return days, closes


def common(days: NDArray[np.int64], closes: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Only the days on which every symbol has a close."""
    complete = ~np.isnan(closes).any(axis=0)
    return days[complete], closes[:, complete]


def simple_returns(closes: Floats) -> Floats:
    """Close to close, one column less; NaN where either is missing."""
    return np.asarray(closes[:, 1:] / closes[:, :-1] - 1.0, dtype=np.float64)
