"""Stored bars as a market, and what is known of its symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from automation.backtest.course import Pulse, silent
from automation.backtest.market import Market, market_of, names_of
from automation.replay.bars import Bars, Seconds, moment
from automation.replay.history import in_timeframe
from automation.replay.loading import load_tape
from automation.strategies import base
from automation.strategies.aligning import aligned
from common.errors import InvalidInput
from markets import calendar
from markets.bars import day_start
from markets.models import Exchange, Instrument
from markets.selectors import DAY, MINUTES
from safety.types import InstrumentView

MOST_BARS = 5_000_000  # of all symbols together, history included


@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded:
    """A market with its symbols as the gate sees them, open at every bar. `labels`: what the price data is."""

    market: Market
    instruments: Mapping[str, InstrumentView]
    labels: Mapping[str, str]
    exchange: Exchange


def load(symbols: Sequence[str], timeframe: str, start: datetime, end: datetime, pulse: Pulse = silent) -> Loaded:
    """The bars of [start, end) with history before them. InvalidInput names symbols that are not known."""
    rows = {row.symbol: row for row in Instrument.objects.filter(pk__in=symbols).select_related("exchange")}
    unknown = [symbol for symbol in symbols if symbol not in rows]
    if unknown:
        raise InvalidInput({"symbols": f"{', '.join(unknown)}: no such instrument. Check the symbol, or take it out."})
    bars: dict[str, Bars] = {}
    total = 0
    for symbol in symbols:
        bars[symbol] = load_one(symbol, timeframe, start, end)
        total += len(bars[symbol])
        pulse(0.0)
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
        market=market_of(bars),
        instruments=views,
        labels={symbol: row.data_label for symbol, row in rows.items()},
        exchange=rows[symbols[0]].exchange,
    )


def columns_of(loaded: Loaded, timeframe: str) -> dict[str, base.Bars]:
    """The bars as a strategy is given them live: on one axis, a session or a stretch without a bar being NaN."""
    market, exchange = loaded.market, loaded.exchange
    columns = {
        symbol: base.Bars(
            at=names_of(bars), open=bars.open, high=bars.high, low=bars.low, close=bars.close, volume=bars.volume
        )
        for symbol, bars in market.bars.items()
    }
    return aligned(
        columns,
        expected=_sessions(market, exchange) if timeframe == DAY else (),
        newest=int(market.at[-1]),
        width=MINUTES.get(timeframe, 0) * 60,
        always_open=exchange.always_open,
        time_zone=exchange.time_zone,
    )


def _sessions(market: Market, exchange: Exchange) -> Seconds:
    """When the daily bars of the calendar's sessions begin, as far as it reaches back. Of a demo market: none."""
    if exchange.always_open:
        return np.array([], dtype=np.int64)
    first, last = (moment(market.at[place]).date() for place in (0, -1))
    sessions = calendar.sessions_between(exchange.code, first, last)
    return np.array([int(day_start(session.date).timestamp()) for session in sessions], dtype=np.int64)


def load_one(symbol: str, timeframe: str, start: datetime, end: datetime) -> Bars:
    """One symbol's bars. Those of several minutes are made of minute bars."""
    if timeframe == DAY:
        return load_tape(symbol, DAY, start, end).bars
    tape = load_tape(symbol, "1m", start, end)
    if timeframe == "1m" or not len(tape.bars):
        return tape.bars
    made = in_timeframe(tape.bars, tape.daily, timeframe)
    return replace(made, first=int(np.searchsorted(made.starts, int(start.timestamp()))))
