"""Ticks become standing quotes: step 1 of the road from a price to an order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from common.enqueue import nudge
from markets.arrays import literal, moments, texts
from markets.models import Quote
from markets.observables import USABLE_FOR
from markets.types import Tick, flaw

EVALUATE = "automation.evaluate_quotes"
LATE = timedelta(seconds=5)  # a tick this old waited for the database: its range began when it happened, not now

# Only what stands in a batch's way comes back: symbols nobody knows, quotes newer than its first tick, and
# symbols whose split is due and not applied: a price in new shares must not meet levels in old ones.
OBSTACLES = """
SELECT t.symbol, i.symbol IS NULL, t.symbol = ANY(s.pending), q.at
FROM unnest(%(symbol)s::text[], %(at)s::timestamptz[]) AS t (symbol, at)
CROSS JOIN (
    SELECT COALESCE(array_agg(symbol), '{}') AS pending FROM markets_corporateaction
    WHERE applied_at IS NULL AND effective_at <= %(now)s AND kind = 'split'
) s
LEFT JOIN markets_instrument i ON i.symbol = t.symbol
LEFT JOIN markets_quote q ON q.symbol = t.symbol
WHERE i.symbol IS NULL OR q.at > t.at OR t.symbol = ANY(s.pending)
"""

# One statement for the whole batch, rows in symbol order, so that two writers can never deadlock.
# A dirty quote is a range the engine has not seen: it grows. A clean one has been judged: a new range starts with
# this batch and contains nothing older. So it does when the last tick is too old to act on: joined to this batch, its
# extremes would look fresh and cause a late trade.
# `at` guards against a second writer that recorded something newer meanwhile.
# What belongs to a session is replaced by the first tick of a new one and otherwise kept where the tick is silent.
UPSERT = """
INSERT INTO markets_quote AS q (symbol, last, bid, ask, low, high, range_since, volume, session_date, session_open,
                                prev_close, at, received_at, source, dirty)
SELECT t.symbol, t.last, t.bid, t.ask, t.low, t.high, t.since, COALESCE(t.volume, 0), t.session_date, t.session_open,
       t.prev_close, t.at, %(now)s, t.source, true
FROM unnest(%(symbol)s::text[], %(last)s::numeric[], %(bid)s::numeric[], %(ask)s::numeric[], %(low)s::numeric[],
            %(high)s::numeric[], %(volume)s::numeric[], %(session_date)s::date[], %(session_open)s::numeric[],
            %(prev_close)s::numeric[], %(at)s::timestamptz[], %(source)s::text[],
            %(since)s::timestamptz[])
     AS t (symbol, last, bid, ask, low, high, volume, session_date, session_open, prev_close, at, source, since)
ON CONFLICT (symbol) DO UPDATE SET
    last = excluded.last, bid = excluded.bid, ask = excluded.ask,
    low = CASE WHEN q.dirty AND q.received_at > %(oldest)s THEN LEAST(q.low, excluded.low) ELSE excluded.low END,
    high = CASE WHEN q.dirty AND q.received_at > %(oldest)s THEN GREATEST(q.high, excluded.high) ELSE excluded.high END,
    range_since = CASE WHEN q.dirty AND q.received_at > %(oldest)s THEN q.range_since ELSE excluded.range_since END,
    volume = CASE WHEN excluded.session_date IS DISTINCT FROM q.session_date AND excluded.session_date IS NOT NULL
                  THEN excluded.volume ELSE GREATEST(q.volume, excluded.volume) END,
    session_open = CASE WHEN excluded.session_date IS DISTINCT FROM q.session_date
                             AND excluded.session_date IS NOT NULL
                        THEN excluded.session_open ELSE COALESCE(excluded.session_open, q.session_open) END,
    prev_close = CASE WHEN excluded.session_date IS DISTINCT FROM q.session_date AND excluded.session_date IS NOT NULL
                      THEN excluded.prev_close ELSE COALESCE(excluded.prev_close, q.prev_close) END,
    session_date = COALESCE(excluded.session_date, q.session_date),
    at = excluded.at, received_at = excluded.received_at, source = excluded.source, dirty = true
WHERE excluded.at >= q.at
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordResult:
    """How many ticks are in the standing quotes now, and how many were refused for which reason."""

    recorded: int
    unusable: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """What stands in the way of a symbol's ticks: nobody knows it, its split is due, or a newer quote."""

    unknown: bool
    split_pending: bool
    at: datetime | None


@dataclass(slots=True)
class _Summary:
    """One symbol's part of a batch, in arrival order."""

    last: Tick
    low: Decimal
    high: Decimal
    volume: Decimal | None
    first_at: datetime


def record_ticks(*, ticks: Iterable[Tick], now: datetime) -> RecordResult:
    """Put a batch of ticks into the standing quotes and wake the engine once.

    Refused and counted, never written: `markets.types.flaw` codes, `unknown_symbol`, `split_pending` (until the
    sweeper has applied the symbol's split) and `out_of_order` (older than the standing quote or an earlier tick of the
    batch). A repeated tick changes nothing but `received_at`.
    """
    unusable: Counter[str] = Counter()
    sound: list[Tick] = []
    for tick in ticks:
        code = flaw(tick, now=now)
        if code:
            unusable[code] += 1
        else:
            sound.append(tick)
    if not sound:
        return RecordResult(recorded=0, unusable=dict(unusable))
    first: dict[str, datetime] = {}
    for tick in reversed(sound):
        first[tick.symbol] = tick.at
    with connection.cursor() as cursor:
        cursor.execute(OBSTACLES, {"symbol": texts(first), "at": moments(first.values()), "now": now})
        obstacles = {row[0]: _Obstacle(*row[1:]) for row in cursor.fetchall()}
        summaries = _summarise(sound, obstacles, unusable)
        if summaries:
            cursor.execute(UPSERT, _columns(summaries, now))
    if summaries:
        nudge(EVALUATE, queue="ticks")
    refused = sum(unusable[code] for code in ("unknown_symbol", "split_pending", "out_of_order"))
    return RecordResult(recorded=len(sound) - refused, unusable=dict(unusable))


def _summarise(ticks: list[Tick], obstacles: Mapping[str, _Obstacle], unusable: Counter[str]) -> dict[str, _Summary]:
    unknown = {symbol for symbol, found in obstacles.items() if found.unknown}
    pending = {symbol for symbol, found in obstacles.items() if found.split_pending}
    summaries: dict[str, _Summary] = {}
    for tick in ticks:
        symbol = tick.symbol
        if symbol in unknown:
            unusable["unknown_symbol"] += 1
            continue
        if symbol in pending:
            unusable["split_pending"] += 1
            continue
        known = summaries.get(symbol)
        newest = known.last.at if known else obstacles[symbol].at if symbol in obstacles else None
        if newest is not None and tick.at < newest:
            unusable["out_of_order"] += 1
        elif known is None:
            summaries[symbol] = _Summary(
                last=tick, low=tick.price, high=tick.price, volume=tick.volume, first_at=tick.at
            )
        else:
            same_session = tick.session_date in (None, known.last.session_date)
            known.volume = _larger(known.volume, tick.volume) if same_session else tick.volume
            known.last = tick
            known.low = min(known.low, tick.price)
            known.high = max(known.high, tick.price)
    return summaries


def _larger(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if one is None else one if other is None else max(one, other)


def _columns(summaries: Mapping[str, _Summary], now: datetime) -> dict[str, Any]:
    rows = [summaries[symbol] for symbol in sorted(summaries)]
    lasts = [row.last for row in rows]
    return {
        "now": now,
        "oldest": now - USABLE_FOR,
        "symbol": texts([tick.symbol for tick in lasts]),
        "last": literal([tick.price for tick in lasts]),
        "bid": literal([tick.bid for tick in lasts]),
        "ask": literal([tick.ask for tick in lasts]),
        "low": literal([row.low for row in rows]),
        "high": literal([row.high for row in rows]),
        "volume": literal([row.volume for row in rows]),
        "session_date": moments([tick.session_date for tick in lasts]),
        "session_open": literal([tick.session_open for tick in lasts]),
        "prev_close": literal([tick.prev_close for tick in lasts]),
        "at": moments([tick.at for tick in lasts]),
        "source": texts([tick.source for tick in lasts]),
        "since": moments([row.first_at if now - row.first_at > LATE else now for row in rows]),
    }


def fresh_quote(symbol: str, *, now: datetime, max_age: timedelta) -> Quote | None:
    """The standing quote of `symbol` if its last tick is at most `max_age` old; None otherwise."""
    return Quote.objects.filter(instrument_id=symbol, at__gte=now - max_age).select_related("instrument").first()
