"""From quotes to series values: the first half of the batch statement (the second is `watches.crossing.HITS`).

Claims the dirty quotes and computes every price-derived series in use on them, once per symbol and batch however
many rules use it. Each formula here has its twin in `watches.machine`; a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from markets.models import Quote
from watches import specs
from watches.specs import MarketSlice

USABLE_FOR = specs.USABLE_FOR

# OFFSET 0 keeps the planner from substituting each formula into every place that uses its result.
TOUCHED = """
claimed AS MATERIALIZED (
    SELECT q.symbol, q.low, q.high, q.last, q.range_since, q.received_at, q.at, q.volume, q.prev_close,
           q.session_open, q.source
    FROM markets_quote q
    WHERE q.dirty AND (%(symbols)s::text[] IS NULL OR q.symbol = ANY(%(symbols)s))
    ORDER BY q.symbol LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
),
taken AS (
    -- Its own `last`, not that of `claimed`: the constraint is first checked on the snapshot's version of the row.
    UPDATE markets_quote q SET dirty = false, low = q.last, high = q.last
    FROM claimed c WHERE q.symbol = c.symbol
),
referred AS (
    SELECT s.id, s.subject, s.kind, s.observable = 'price' AS is_price, s.shift, s.numerator, s.short,
           c.low AS p_low, c.high AS p_high, c.last AS price, c.volume, c.range_since AS since, c.at,
           c.source, s.reference AS old_peak,
           CASE s.base WHEN 'prev_close' THEN c.prev_close WHEN 'session_open' THEN c.session_open
                       ELSE s.reference END AS ref
    FROM claimed c
    JOIN watches_series s ON s.subject = c.symbol AND s.kind <> 'pushed'
    WHERE c.received_at > %(oldest)s
),
priced AS (
    SELECT r.*,
           CASE WHEN r.is_price THEN r.p_low
                WHEN r.kind IN ('derived', 'absolute') THEN r.shift + round(r.p_low * r.numerator / r.ref, 9) END AS a,
           CASE WHEN r.is_price THEN r.p_high
                WHEN r.kind IN ('derived', 'absolute') THEN r.shift + round(r.p_high * r.numerator / r.ref, 9) END AS b,
           CASE WHEN r.is_price THEN r.price
                WHEN r.kind IN ('derived', 'absolute') THEN r.shift + round(r.price * r.numerator / r.ref, 9)
                WHEN r.kind = 'volume' THEN r.shift + round(r.volume * r.numerator / r.ref, 9) END AS v,
           CASE WHEN r.kind IN ('peak_pct', 'peak_amt') THEN
                CASE WHEN r.short THEN LEAST(r.ref, r.p_low) ELSE GREATEST(r.ref, r.p_high) END END AS peak
    FROM referred r WHERE r.ref IS NOT NULL OFFSET 0
),
peaked AS (
    SELECT p.*,
           CASE p.kind WHEN 'peak_pct' THEN
                    round(CASE WHEN p.short THEN p.p_high - p.ref ELSE p.ref - p.p_low END * 100 / p.ref, 9)
                WHEN 'peak_amt' THEN CASE WHEN p.short THEN p.p_high - p.ref ELSE p.ref - p.p_low END END AS before,
           CASE p.kind WHEN 'peak_pct' THEN
                    round(CASE WHEN p.short THEN p.price - p.peak ELSE p.peak - p.price END * 100 / p.peak, 9)
                WHEN 'peak_amt' THEN CASE WHEN p.short THEN p.price - p.peak ELSE p.peak - p.price END END AS after,
           -- the best price of the range; one that is the last price needs no formula of its own
           CASE WHEN p.short THEN NULLIF(p.p_low, p.price) ELSE NULLIF(p.p_high, p.price) END AS best
    FROM priced p OFFSET 0
),
touched AS (
    SELECT id AS series_id, subject,
           CASE kind WHEN 'derived' THEN LEAST(a, b)
                     WHEN 'absolute' THEN
                         CASE WHEN LEAST(a, b) <= 0 AND GREATEST(a, b) >= 0 THEN 0 ELSE LEAST(abs(a), abs(b)) END
                     WHEN 'volume' THEN v
                     WHEN 'peak_amt' THEN COALESCE(abs(peak - best), after)
                     ELSE COALESCE(round(abs(peak - best) * 100 / peak, 9), after) END AS low,
           CASE kind WHEN 'derived' THEN GREATEST(a, b) WHEN 'absolute' THEN GREATEST(abs(a), abs(b))
                     WHEN 'volume' THEN v ELSE GREATEST(before, after) END AS high,
           CASE kind WHEN 'absolute' THEN abs(v) WHEN 'derived' THEN v WHEN 'volume' THEN v ELSE after END AS last,
           since, price, at, source, peak, old_peak
    FROM peaked
),
raised AS (
    UPDATE watches_series s SET reference = t.peak FROM touched t
    WHERE s.id = t.series_id AND t.peak IS NOT NULL AND t.peak <> t.old_peak
)
"""


def params(*, now: datetime, symbols: Sequence[str] | None, limit: int) -> dict[str, Any]:
    """Parameters of TOUCHED: which symbols (None: all), and how many quotes at most."""
    return {"symbols": None if symbols is None else list(symbols), "limit": limit, "oldest": now - USABLE_FOR}


def market_of(quote: Quote) -> MarketSlice:
    """The standing quote as the machine sees it: one point, the last price."""
    return MarketSlice(
        at=quote.at,
        since=quote.at,
        low=quote.last,
        high=quote.last,
        last=quote.last,
        volume=quote.volume,
        prev_close=quote.prev_close,
        session_open=quote.session_open,
    )
