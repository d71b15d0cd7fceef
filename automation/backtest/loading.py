"""Stored bars as a market, and what is known of its symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from automation.backtest.market import Market, market_of
from automation.replay.bars import Bars
from automation.replay.loading import load_tape
from common.errors import InvalidInput
from markets.models import Instrument
from markets.selectors import MINUTES
from safety.types import InstrumentView

MOST_BARS = 5_000_000  # of all symbols together, history included


@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded:
    """A market with its symbols as the gate sees them, open at every bar. `labels`: what the price data is."""

    market: Market
    instruments: Mapping[str, InstrumentView]
    labels: Mapping[str, str]


def load(symbols: Sequence[str], timeframe: str, start: datetime, end: datetime) -> Loaded:
    """The bars of [start, end) with history before them. InvalidInput names symbols that are not known."""
    rows = {row.symbol: row for row in Instrument.objects.filter(pk__in=symbols)}
    unknown = [symbol for symbol in symbols if symbol not in rows]
    if unknown:
        raise InvalidInput({"symbols": f"{', '.join(unknown)}: no such instrument. Check the symbol, or take it out."})
    bars: dict[str, Bars] = {}
    total = 0
    for symbol in symbols:
        bars[symbol] = load_one(symbol, timeframe, start, end)
        total += len(bars[symbol])
        if total > MOST_BARS:
            raise InvalidInput(
                {"from": f"it is more than {MOST_BARS:,} bars: choose a shorter period, fewer symbols or daily bars"}
            )
    views = {
        symbol: InstrumentView(
            symbol=symbol,
            active=row.active,
            tradable=row.tradable,
            fractionable=row.fractionable,
            demo=row.demo,
            market_open=True,
        )
        for symbol, row in rows.items()
    }
    return Loaded(
        market=market_of(bars), instruments=views, labels={symbol: row.data_label for symbol, row in rows.items()}
    )


def load_one(symbol: str, timeframe: str, start: datetime, end: datetime) -> Bars:
    """One symbol's bars. Those of several minutes are made of minute bars."""
    width = MINUTES.get(timeframe)
    if width is None:
        return load_tape(symbol, timeframe, start, end).bars
    minutes = load_tape(symbol, "1m", start, end).bars
    return minutes if width == 1 else coarser(minutes, width, timeframe)


def coarser(minutes: Bars, width: int, timeframe: str) -> Bars:
    """Bars of `width` minutes, beginning at whole multiples of it since midnight UTC, as `markets.selectors` has them."""
    seconds = width * 60
    starts = minutes.starts // seconds * seconds
    if not len(starts):
        return replace(minutes, timeframe=timeframe)
    begins = np.flatnonzero(np.concatenate([[True], starts[1:] != starts[:-1]]))
    last = np.concatenate([begins[1:], [len(starts)]]) - 1
    traded_from = starts[minutes.first] if minutes.first < len(starts) else starts[-1] + seconds
    return replace(
        minutes,
        timeframe=timeframe,
        starts=starts[begins],
        ends=starts[begins] + seconds,
        open=minutes.open[begins],
        high=np.maximum.reduceat(minutes.high, begins),
        low=np.minimum.reduceat(minutes.low, begins),
        close=minutes.close[last],
        volume=np.add.reduceat(minutes.volume, begins),
        first=int(np.searchsorted(starts[begins], traded_from)),
    )
