"""Where minute bars are missing: times at which nobody looked at a symbol, or nothing traded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from markets.arrays import moments
from markets.models import Bar

Span = tuple[datetime, datetime]
QUIET = timedelta(minutes=15)  # shorter silences are normal for a symbol that trades little

# The bars of each span, with its beginning and end around them; a gap is a long step between two neighbours.
GAPS = """
WITH spans AS (
    SELECT * FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS s (starts, ends)
),
points AS (
    SELECT s.starts AS span, b.at FROM spans s
    JOIN markets_bar b ON b.symbol = %(symbol)s AND b.timeframe = %(minute)s AND b.at >= s.starts AND b.at < s.ends
    UNION ALL SELECT starts, starts FROM spans
    UNION ALL SELECT starts, ends FROM spans
),
steps AS (
    SELECT lag(at) OVER (PARTITION BY span ORDER BY at) AS before, at FROM points
)
SELECT before, at FROM steps WHERE at - before > %(quiet)s ORDER BY before
"""


def minute_gaps(symbol: str, spans: Sequence[Span], *, quiet: timedelta = QUIET) -> list[Span]:
    """Stretches longer than `quiet` without a minute bar of `symbol`, within the spans [start, end). One query.

    Minute bars older than `markets.bars.KEEP_MINUTES` are pruned: ask for no span before that.
    """
    if not spans:
        return []
    parameters: dict[str, Any] = {
        "symbol": symbol,
        "minute": Bar.Timeframe.MINUTE.value,
        "starts": moments([start for start, _ in spans]),
        "ends": moments([end for _, end in spans]),
        "quiet": quiet,
    }
    with connection.cursor() as cursor:
        cursor.execute(GAPS, parameters)
        return cursor.fetchall()
