"""Which bars change what a strategy wants, and when each can be acted on. Plain numpy.

A bar's signal uses bars up to and including it, so it is acted on at the next moment at which its symbol trades, never
earlier. What a change means is for `automation.strategies.deciding`; here the bars are found at which it must be asked.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from automation.backtest.market import Market
from automation.replay.bars import Floats, Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """At the moment `at`, symbols by the index of the bar on the strategy's axis that is to be judged for each."""

    at: int
    bars: Mapping[str, tuple[int, ...]]


class Agenda:
    """The bars at which signals change, in order of the moments at which that can be acted on.

    A strategy begins with the traded period, as if it had been set up then: of the history only the newest bar counts.
    """

    def __init__(self, market: Market, axis: Seconds, signals: Mapping[str, Floats]) -> None:
        self.market, self.axis = market, axis
        traded = market.fresh[:, market.first :]
        self._open_at = {symbol: market.first + np.flatnonzero(traded[market.row[symbol]]) for symbol in signals}
        begin = int(np.searchsorted(axis, market.at[market.first])) - 1 if market.first < len(market) else len(axis)
        self._heap: list[tuple[int, int, int]] = []
        for symbol, signal in signals.items():
            self._fill(symbol, signal, max(begin, 0))
        heapq.heapify(self._heap)

    def next(self) -> Turn | None:
        """The next moment at which something is to be judged; None when there is none."""
        if not self._heap:
            return None
        at = self._heap[0][0]
        bars: dict[str, tuple[int, ...]] = {}
        while self._heap and self._heap[0][0] == at:
            _, row, index = heapq.heappop(self._heap)
            symbol = self.market.symbols[row]
            bars[symbol] = (*bars.get(symbol, ()), index)
        return Turn(at=at, bars=bars)

    def again(self, symbol: str, index: int) -> None:
        """Judge the symbol at the bar `index`, too: what was wanted was not carried out, or a size was not known."""
        if index < len(self.axis):
            opened = self._open_at[symbol]
            place = int(np.searchsorted(self.market.at[opened], self.axis[index], side="right"))
            if place < len(opened):
                heapq.heappush(self._heap, (int(opened[place]), self.market.row[symbol], index))

    def closed_before(self, at: int) -> int:
        """The index of the newest bar on the axis that closed before the moment `at`."""
        return int(np.searchsorted(self.axis, self.market.at[at])) - 1

    def _fill(self, symbol: str, signal: Floats, begin: int) -> None:
        known = begin + np.flatnonzero(~np.isnan(signal[begin:]))
        values = signal[known]
        changed = known[np.concatenate([[True], values[1:] != values[:-1]])[: len(known)]]
        opened = self._open_at[symbol]
        place = np.searchsorted(self.market.at[opened], self.axis[changed], side="right")
        inside = place < len(opened)
        row = self.market.row[symbol]
        moments = opened[place[inside]]
        self._heap += [(int(at), row, int(index)) for at, index in zip(moments, changed[inside], strict=True)]
