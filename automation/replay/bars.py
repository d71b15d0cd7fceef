"""Bars as arrays, so that a year of minutes is scanned in a millisecond. Plain Python and numpy.

Prices are float64: every price of up to 15 significant digits comes back as the exact Decimal it was stored as.
What an array search finds is only a candidate; it is judged again with Decimals by the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automation.triggers.base import SessionTimes

Floats = NDArray[np.float64]
Seconds = NDArray[np.int64]


def exact(value: Any) -> Decimal:
    """The decimal that an array's float stands for."""
    return Decimal(repr(float(value)))


def moment(seconds: Any) -> datetime:
    """Seconds since 1970 as an aware time."""
    return datetime.fromtimestamp(int(seconds), UTC)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bars:
    """Bars of one symbol, oldest first. `starts` and `ends` are seconds since 1970; `first` is where the replay begins.

    The bars before `first` are history for averages and windows. A daily bar reaches from its session's open to its
    close; `sessions` are in order of time and reach beyond the last bar.
    """

    symbol: str
    timeframe: str  # 1m or 1d
    starts: Seconds
    ends: Seconds
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    sessions: Sequence[SessionTimes] = field(default_factory=tuple)
    first: int = 0

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def daily(self) -> bool:
        return self.timeframe == "1d"

    @cached_property
    def session_opens(self) -> Seconds:
        """When each session opens."""
        return np.array([int(s.opens_at.timestamp()) for s in self.sessions], dtype=np.int64)

    @cached_property
    def session_closes(self) -> Seconds:
        """When each session closes."""
        return np.array([int(s.closes_at.timestamp()) for s in self.sessions], dtype=np.int64)

    @cached_property
    def day(self) -> Seconds:
        """A number per bar that is the same within a session and different in the next."""
        if self.daily:
            return np.arange(len(self), dtype=np.int64)
        if len(self.session_opens):
            return np.searchsorted(self.session_opens, self.starts, side="right").astype(np.int64)
        return self.starts // 86_400

    @cached_property
    def day_begins(self) -> NDArray[np.intp]:
        """For each bar, the index of the first bar of its session."""
        new = np.ones(len(self), dtype=bool)
        new[1:] = self.day[1:] != self.day[:-1]
        return np.maximum.accumulate(np.where(new, np.arange(len(self)), 0))

    @cached_property
    def session_open(self) -> Floats:
        """For each bar, the first price of its session."""
        return self.open[self.day_begins]

    @cached_property
    def session_volume(self) -> Floats:
        """For each bar, the shares traded in its session up to its end."""
        total = np.cumsum(self.volume)
        before = np.where(self.day_begins > 0, total[self.day_begins - 1], 0.0)
        return np.round(total - before, 6)
