"""Writing bars: minute bars from ticks, daily bars from minute bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from markets.arrays import literal, moments, texts
from markets.models import Bar, MarketSession
from markets.types import ZERO, BarRow, Tick

MINUTE = Bar.Timeframe.MINUTE.value
DAY = Bar.Timeframe.DAY.value
KEEP_MINUTES = timedelta(days=45)
IMPORTED = "csv"  # how the source of an imported bar begins: nobody would bring it again, so it is kept
CHUNK = 5000  # rows per statement

INSERT = """
INSERT INTO markets_bar AS b (symbol, timeframe, at, open, high, low, close, volume, source)
SELECT * FROM unnest(%(symbol)s::text[], %(timeframe)s::text[], %(at)s::timestamptz[], %(open)s::numeric[],
                     %(high)s::numeric[], %(low)s::numeric[], %(close)s::numeric[], %(volume)s::numeric[],
                     %(source)s::text[])
ON CONFLICT (symbol, timeframe, at) DO """
KEEP = "NOTHING"
REPLACE = """UPDATE SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
    volume = excluded.volume, source = excluded.source"""
# A further piece of a bar that is partly stored: it opened earlier, and the piece's volume comes on top.
MERGE = """UPDATE SET high = GREATEST(b.high, excluded.high), low = LEAST(b.low, excluded.low),
    close = excluded.close, volume = b.volume + excluded.volume, source = excluded.source"""

DAILY = """
INSERT INTO markets_bar AS b (symbol, timeframe, at, open, high, low, close, volume, source)
SELECT symbol, '1d', %(at)s, (array_agg(open ORDER BY at))[1], max(high), min(low),
       (array_agg(close ORDER BY at DESC))[1], sum(volume), min(source)
FROM markets_bar
WHERE symbol = ANY(%(symbols)s) AND timeframe = '1m' AND at >= %(opens_at)s AND at < %(closes_at)s
GROUP BY symbol
ON CONFLICT (symbol, timeframe, at) DO NOTHING
"""


def keep_bars(rows: Sequence[BarRow]) -> int:
    """Store bars that are not stored yet; returns how many were new."""
    return _write(rows, KEEP)


def replace_bars(rows: Sequence[BarRow]) -> int:
    """Store bars; what was stored for the same start is replaced. Returns the number of rows."""
    return _write(rows, REPLACE)


def merge_bars(rows: Sequence[BarRow]) -> int:
    """Store pieces of bars: high, low, close and volume of what is stored grow by the piece."""
    return _write(rows, MERGE)


def close_day(session: MarketSession, symbols: Iterable[str]) -> int:
    """Make the daily bars of a finished session from its minute bars; existing ones stay. Returns the number made."""
    parameters: dict[str, Any] = {
        "symbols": list(symbols),
        "opens_at": session.opens_at,
        "closes_at": session.closes_at,
        "at": day_start(session.date),
    }
    with connection.cursor() as cursor:
        cursor.execute(DAILY, parameters)
        return cursor.rowcount


def day_start(day: date) -> datetime:
    """Where the daily bar of the session `day` begins: its midnight UTC, whatever the exchange's time zone."""
    return datetime.fromisoformat(f"{day.isoformat()}T00:00:00+00:00")


def prune_minute_bars(*, now: datetime) -> int:
    """Delete minute bars older than 45 days (a symbol makes 1,440 a day), imported ones aside; returns how many."""
    old = Bar.objects.filter(timeframe=MINUTE, at__lt=now - KEEP_MINUTES).exclude(source__startswith=IMPORTED)
    return old.delete()[0]


def _write(rows: Sequence[BarRow], conflict: str) -> int:
    written = 0
    ordered = sorted(rows, key=lambda row: (row.symbol, row.timeframe, row.at))  # writers never deadlock
    with connection.cursor() as cursor:
        for start in range(0, len(ordered), CHUNK):
            cursor.execute(INSERT + conflict, _columns(ordered[start : start + CHUNK]))
            written += cursor.rowcount
    return written


def _columns(rows: Sequence[BarRow]) -> dict[str, str]:
    return {
        "symbol": texts([row.symbol for row in rows]),
        "timeframe": texts([row.timeframe for row in rows]),
        "at": moments([row.at for row in rows]),
        "open": literal([row.open for row in rows]),
        "high": literal([row.high for row in rows]),
        "low": literal([row.low for row in rows]),
        "close": literal([row.close for row in rows]),
        "volume": literal([row.volume for row in rows]),
        "source": texts([row.source for row in rows]),
    }


@dataclass(slots=True)
class _Piece:
    """What was seen of one minute since it was last written."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    source: str

    def add(self, price: Decimal, volume: Decimal) -> None:
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.close = price
        self.volume += volume


class MinuteBuilder:
    """Collects ticks into pieces of minute bars; `flush` merges them into the stored bars.

    Pieces survive a failed flush, so an outage of the database costs no bar. (A connection that breaks between
    commit and answer makes one piece's volume count twice: a bar's volume is an estimate then, its prices are not.)
    """

    def __init__(self) -> None:
        self._pieces: dict[tuple[str, datetime], _Piece] = {}
        self._volumes: dict[str, tuple[date | None, Decimal]] = {}

    def add(self, tick: Tick) -> None:
        """Add a usable tick."""
        key = (tick.symbol, tick.at.replace(second=0, microsecond=0))
        volume = self._traded(tick)
        piece = self._pieces.get(key)
        if piece:
            piece.add(tick.price, volume)
        else:
            self._pieces[key] = _Piece(tick.price, tick.price, tick.price, tick.price, volume, tick.source)

    def flush(self) -> int:
        """Write every piece; returns how many."""
        rows = [
            BarRow(
                symbol=symbol,
                timeframe=MINUTE,
                at=at,
                open=piece.open,
                high=piece.high,
                low=piece.low,
                close=piece.close,
                volume=piece.volume,
                source=piece.source,
            )
            for (symbol, at), piece in self._pieces.items()
        ]
        merge_bars(rows)
        self._pieces.clear()
        return len(rows)

    def __len__(self) -> int:
        return len(self._pieces)

    def _traded(self, tick: Tick) -> Decimal:
        """Shares traded since the previous tick: the growth of the cumulative volume, or the tick's own size."""
        if tick.volume is None:
            return tick.size or ZERO
        known = self._volumes.get(tick.symbol)
        self._volumes[tick.symbol] = (tick.session_date, tick.volume)
        if known is None:
            return tick.size or ZERO
        if known[0] != tick.session_date:
            return tick.volume
        return max(tick.volume - known[1], ZERO)
