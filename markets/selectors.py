"""Reading quotes and bars. Prices are Decimals; lists run from old to new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from common.errors import InvalidInput
from markets.bars import day_start
from markets.models import Bar, Quote
from markets.types import BarRow

DAY = Bar.Timeframe.DAY.value
MINUTE = Bar.Timeframe.MINUTE.value
MINUTES = {MINUTE: 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "2h": 120, "4h": 240}
TIMEFRAMES = (*MINUTES, DAY)
MOST_BARS = 10_000

# Bars of n minutes are made of minute bars and begin at whole multiples of n minutes since midnight UTC.
COARSE = """
SELECT date_bin(make_interval(mins => %(width)s), at, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS start,
       (array_agg(open ORDER BY at))[1], max(high), min(low), (array_agg(close ORDER BY at DESC))[1], sum(volume),
       min(source)
FROM markets_bar
WHERE symbol = %(symbol)s AND timeframe = '1m' AND at >= %(start)s AND at < %(end)s
GROUP BY start ORDER BY start DESC LIMIT %(limit)s
"""

CLOSES = """
SELECT s.symbol, b.close FROM unnest(%(symbols)s::text[]) AS s (symbol)
CROSS JOIN LATERAL (
    SELECT at, close FROM markets_bar
    WHERE symbol = s.symbol AND timeframe = '1d' AND at < %(before)s::timestamptz
    ORDER BY at DESC LIMIT %(count)s
) b ORDER BY s.symbol, b.at
"""


# The newest bars of many symbols. Coarse ones are put together as in COARSE, from as many minutes as that takes were
# there no pause in trading; ten times that at most.
NEWEST = """
SELECT s.symbol, b.start, b.open, b.high, b.low, b.close, b.volume, b.source
FROM unnest(%(symbols)s::text[]) AS s (symbol)
CROSS JOIN LATERAL (
    SELECT at AS start, open, high, low, close, volume, source FROM markets_bar
    WHERE symbol = s.symbol AND timeframe = %(timeframe)s AND at < %(before)s ORDER BY at DESC LIMIT %(count)s
) b ORDER BY s.symbol, b.start
"""
NEWEST_COARSE = """
SELECT s.symbol, b.start, b.open, b.high, b.low, b.close, b.volume, b.source
FROM unnest(%(symbols)s::text[]) AS s (symbol)
CROSS JOIN LATERAL (
    SELECT date_bin(make_interval(mins => %(width)s), at, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS start,
           (array_agg(open ORDER BY at))[1] AS open, max(high) AS high, min(low) AS low,
           (array_agg(close ORDER BY at DESC))[1] AS close, sum(volume) AS volume, min(source) AS source
    FROM markets_bar
    WHERE symbol = s.symbol AND timeframe = '1m' AND at < %(before)s AND at >= %(since)s
    GROUP BY start ORDER BY start DESC LIMIT %(count)s
) b ORDER BY s.symbol, b.start
"""


def latest_quotes(symbols: Iterable[str]) -> dict[str, Quote]:
    """The standing quotes of `symbols` with their instruments, however old; symbols without a quote are missing."""
    quotes = Quote.objects.filter(instrument_id__in=set(symbols)).select_related("instrument")
    return {quote.instrument_id: quote for quote in quotes}


def daily_closes(symbol: str, count: int, before: date | None = None) -> list[Decimal]:
    """The last `count` closes of finished sessions (before `before`, exclusive), oldest first; fewer if unknown."""
    return daily_closes_of([symbol], count, before)[symbol]


def daily_closes_of(symbols: Sequence[str], count: int, before: date | None = None) -> dict[str, list[Decimal]]:
    """`daily_closes` of many symbols in one query."""
    closes: dict[str, list[Decimal]] = {symbol: [] for symbol in symbols}
    limit = day_start(before).isoformat() if before else "infinity"
    with connection.cursor() as cursor:
        cursor.execute(CLOSES, {"symbols": list(closes), "count": count, "before": limit})
        for symbol, close in cursor.fetchall():
            closes[symbol].append(close)
    return closes


def last_bars_of(symbols: Iterable[str], timeframe: str, count: int, *, before: datetime) -> dict[str, list[BarRow]]:
    """The last `count` bars that begin before `before` of each symbol, oldest first, in one query; fewer if unknown."""
    found: dict[str, list[BarRow]] = {symbol: [] for symbol in symbols}
    width = MINUTES.get(timeframe, 1)
    params: dict[str, Any] = {
        "symbols": list(found),
        "timeframe": timeframe,
        "width": width,
        "count": count,
        "before": before,
        "since": before - timedelta(minutes=width * count * 10),
    }
    with connection.cursor() as cursor:
        cursor.execute(NEWEST if timeframe in (MINUTE, DAY) else NEWEST_COARSE, params)
        for symbol, *row in cursor.fetchall():
            found[symbol].append(_row(symbol, timeframe, row))
    return found


def bars(symbol: str, timeframe: str, start: datetime, end: datetime, limit: int = 1000) -> list[BarRow]:
    """Bars that begin in [start, end), oldest first; the newest `limit` of them (at most 10,000).

    Timeframes: 1m and 1d are stored, 5m 15m 30m 1h 2h 4h are made of minute bars; the last one may be unfinished.
    Raises InvalidInput naming the argument.
    """
    if timeframe not in TIMEFRAMES:
        raise InvalidInput({"timeframe": f"{timeframe!r} is not a timeframe: use one of {', '.join(TIMEFRAMES)}."})
    if not 1 <= limit <= MOST_BARS:
        raise InvalidInput({"limit": f"{limit} is out of range: use 1 to {MOST_BARS}."})
    if start.tzinfo is None or end.tzinfo is None:
        raise InvalidInput({"start": "start and end need a time zone, e.g. 2026-11-22T14:30:00Z."})
    if timeframe in (MINUTE, DAY):
        found = Bar.objects.filter(instrument_id=symbol, timeframe=timeframe, at__gte=start, at__lt=end)
        rows = found.order_by("-at").values_list("at", "open", "high", "low", "close", "volume", "source")[:limit]
        return [_row(symbol, timeframe, row) for row in reversed(list(rows))]
    width = MINUTES[timeframe]
    with connection.cursor() as cursor:
        cursor.execute(COARSE, {"symbol": symbol, "width": width, "start": start, "end": end, "limit": limit})
        return [_row(symbol, timeframe, row) for row in reversed(cursor.fetchall())]


def _row(symbol: str, timeframe: str, row: Sequence[Any]) -> BarRow:
    names = ("at", "open", "high", "low", "close", "volume", "source")
    return BarRow(symbol=symbol, timeframe=timeframe, **dict(zip(names, row, strict=True)))
