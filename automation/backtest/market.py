"""The bars of several symbols on one timeline. Plain Python and numpy; floats here, exact decimals where they trade.

A moment is when a bar of at least one symbol begins: what was decided at the bars before it is acted on there, at the
open. A symbol without a bar at a moment cannot be traded then, and is worth what it was at its last close.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automation.replay import bars as replayed
from automation.replay.bars import Floats, Seconds, exact, moment

DAY = 86_400
Places = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Market:
    """Bars by symbol, and the moments at which any of them begins, oldest first.

    `at` is a moment's name: the start of a minute bar, the session date's midnight UTC of a daily one, whatever the
    exchange. `first` is the moment from which it is traded; what comes before is history for averages.
    """

    bars: Mapping[str, replayed.Bars]
    at: Seconds
    first: int

    def __len__(self) -> int:
        return len(self.at)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """In the order of the rows of the matrices: symbols by moments."""
        return tuple(self.bars)

    @cached_property
    def row(self) -> dict[str, int]:
        return {symbol: row for row, symbol in enumerate(self.symbols)}

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """The index of a symbol's latest bar that has begun by a moment; -1 before its first."""
        rows = [np.searchsorted(names_of(one), self.at, side="right") - 1 for one in self.bars.values()]
        return np.array(rows, dtype=np.intp).reshape(len(self.bars), len(self))

    @cached_property
    def fresh(self) -> NDArray[np.bool_]:
        """Whether a symbol's bar begins at a moment."""
        return self._matrix([names_of(one) for one in self.bars.values()], np.int64, -1) == self.at

    @cached_property
    def closes(self) -> Floats:
        """The close of the bar that begins at a moment, or the last one before; NaN before the first."""
        return self._matrix([one.close for one in self.bars.values()], np.float64, np.nan)

    @cached_property
    def opens(self) -> Floats:
        """What a share costs at a moment: its open, or its last close when no bar of it begins then."""
        opened = self._matrix([one.open for one in self.bars.values()], np.float64, np.nan)
        return np.where(self.fresh, opened, self.closes)

    @cached_property
    def times(self) -> Seconds:
        """When the earliest of the bars of a moment begins."""
        starts = self._matrix([one.starts for one in self.bars.values()], np.int64, 0)
        last = np.iinfo(np.int64).max
        return np.min(np.where(self.fresh, starts, last), axis=0, initial=last)

    @cached_property
    def ends(self) -> Seconds:
        """When the latest of the bars of a moment ends."""
        ends = self._matrix([one.ends for one in self.bars.values()], np.int64, 0)
        return np.max(np.where(self.fresh, ends, 0), axis=0, initial=0)

    def price(self, symbol: str, at: int) -> Decimal | None:
        """What a share costs at a moment, exactly; None before its first bar."""
        value = self.opens[self.row[symbol], at]
        return exact(value) if value == value else None

    def time(self, at: int) -> datetime:
        return moment(self.times[at])

    def count(self) -> int:
        """The bars that are traded over, of all symbols."""
        return int(self.fresh[:, self.first :].sum())

    def _matrix(self, columns: list[NDArray[Any]], kind: Any, before: Any) -> NDArray[Any]:
        """Each symbol's values at its `places`."""
        found = np.full((len(columns), len(self)), before, dtype=kind)
        for row, values in enumerate(columns):
            known = int(np.searchsorted(self.places[row], 0))
            found[row, known:] = values[self.places[row, known:]]
        return found


def market_of(bars: Mapping[str, replayed.Bars]) -> Market:
    """Put bars on one timeline; it is traded from the earliest `first` of them on."""
    names = [names_of(one) for one in bars.values()]
    at = np.unique(np.concatenate(names)) if names else np.zeros(0, dtype=np.int64)
    begins = [int(name[one.first]) for name, one in zip(names, bars.values(), strict=True) if one.first < len(one)]
    first = int(np.searchsorted(at, min(begins))) if begins else len(at)
    return Market(bars=bars, at=at, first=first)


def names_of(bars: replayed.Bars) -> Seconds:
    """What each bar's moment is called: see `Market`."""
    return bars.starts // DAY * DAY if bars.daily else bars.starts
