"""Bars of many symbols from the database as aligned columns: binary COPY, a thousand bars in a millisecond."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from automation.strategies.aligning import aligned
from automation.strategies.bar_clock import ClosedBar
from automation.strategies.base import Bars, Seconds
from markets import calendar
from markets.bars import DAY, MINUTE, day_start
from markets.models import Exchange
from markets.selectors import MINUTES

CHUNK = 100  # symbols per statement: what arrives is held twice for a moment
NAMES = ("open", "high", "low", "close", "volume")
# Fixed-width rows: two bytes of field count, then four of length before each value.
ROW = np.dtype(
    [("fields", ">i2"), *((f"{name}{part}", kind) for name, kind in (("symbol", ">i8"), ("at", ">i8"),
     *((name, ">f8") for name in NAMES)) for part, kind in (("_size", ">i4"), ("", kind)))]
)  # fmt: skip
HEADER, TRAILER = 19, 2

COLUMNS = "extract(epoch FROM b.at)::bigint, b.open::float8, b.high::float8, b.low::float8, b.close::float8, " \
          "b.volume::float8"  # fmt: skip
STORED = f"""
COPY (
    SELECT s.n, {COLUMNS} FROM unnest(%(symbols)s::text[]) WITH ORDINALITY AS s (symbol, n)
    CROSS JOIN LATERAL (
        SELECT at, open, high, low, close, volume FROM markets_bar
        WHERE symbol = s.symbol AND timeframe = %(timeframe)s AND at <= %(last)s ORDER BY at DESC LIMIT %(count)s
    ) b
) TO STDOUT (FORMAT BINARY)
"""
# Coarse bars are put together as `markets.selectors` does, from ten times the minutes they would take at most.
COARSE = f"""
COPY (
    SELECT s.n, {COLUMNS} FROM unnest(%(symbols)s::text[]) WITH ORDINALITY AS s (symbol, n)
    CROSS JOIN LATERAL (
        SELECT date_bin(make_interval(mins => %(width)s), at, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS at,
               (array_agg(open ORDER BY m.at))[1] AS open, max(high) AS high, min(low) AS low,
               (array_agg(close ORDER BY m.at DESC))[1] AS close, sum(volume) AS volume
        FROM markets_bar m
        WHERE symbol = s.symbol AND timeframe = '1m' AND m.at < %(last)s::timestamptz + make_interval(mins => %(width)s)
          AND m.at >= %(since)s
        GROUP BY 1 ORDER BY 1 DESC LIMIT %(count)s
    ) b
) TO STDOUT (FORMAT BINARY)
"""


def load_bars(
    symbols: Sequence[str], exchange: Exchange, timeframe: str, *, newest: ClosedBar, count: int
) -> dict[str, Bars]:
    """The last `count` bars of each symbol up to the `newest`, aligned; a missing bar is NaN in every column.

    A bar is missing where another of the symbols has one, where a session of the exchange has none (as far as the
    calendar reaches back), or after more than 15 minutes of silence within a session.
    """
    width = MINUTES.get(timeframe, 0)
    parameters: dict[str, Any] = {
        "timeframe": timeframe,
        "last": newest.at,
        "count": count,
        "width": width,
        "since": newest.at - timedelta(minutes=width * count * 10),
    }
    statement = STORED if timeframe in (MINUTE, DAY) else COARSE
    columns: dict[str, Bars] = {}
    for start in range(0, len(symbols), CHUNK):
        part = list(symbols[start : start + CHUNK])
        columns.update(_columns(part, _read(statement, {**parameters, "symbols": part})))
    return aligned(
        columns,
        expected=_sessions(columns, exchange, newest) if timeframe == DAY else (),
        newest=int(newest.at.timestamp()),
        width=width * 60,
        always_open=exchange.always_open,
        time_zone=exchange.time_zone,
    )


def _read(statement: str, parameters: dict[str, Any]) -> np.ndarray:
    with connection.cursor() as cursor, cursor.cursor.copy(statement, parameters) as copy:
        data = b"".join(bytes(part) for part in copy)
    rows = np.frombuffer(data[HEADER : len(data) - TRAILER], dtype=ROW)
    return rows[np.lexsort((rows["at"], rows["symbol"]))]


def _columns(symbols: Sequence[str], rows: np.ndarray) -> dict[str, Bars]:
    ends = np.searchsorted(rows["symbol"], np.arange(1, len(symbols) + 1), side="right")
    starts = np.concatenate([[0], ends[:-1]])
    at = rows["at"].astype(np.int64)
    values = {name: rows[name].astype(np.float64) for name in NAMES}
    return {
        symbol: Bars(at=at[start:end], **{name: column[start:end] for name, column in values.items()})
        for symbol, start, end in zip(symbols, starts, ends, strict=True)
    }


def _sessions(columns: dict[str, Bars], exchange: Exchange, newest: ClosedBar) -> Seconds:
    """When the daily bars of the calendar's sessions begin. Of a demo market's past there are weekdays only: none."""
    begins = [int(bars.at[0]) for bars in columns.values() if len(bars)]
    if exchange.always_open or not begins:
        return np.array([], dtype=np.int64)
    first = datetime.fromtimestamp(min(begins), UTC).date()
    sessions = calendar.sessions_between(exchange.code, first, newest.at.date())
    return np.array([int(day_start(session.date).timestamp()) for session in sessions], dtype=np.int64)
