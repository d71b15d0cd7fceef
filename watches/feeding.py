"""Values that arrive from outside: closed-bar averages, portfolio drawdown, goal drift."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.money import nano

# The CTEs `claimed` and `touched` for `crossing.scan`. A value is one point: low, high and last at once. Writing it
# takes the series' row lock, so that two processes cannot judge the same series at the same time.
TOUCHED = """
claimed AS (
    UPDATE watches_series s SET value = n.value, value_at = %(at)s
    FROM unnest(%(ids)s::bigint[], %(values)s::numeric[]) AS n(id, value)
    WHERE s.id = n.id AND (s.value_at IS NULL OR s.value_at < %(at)s)
    RETURNING s.id, s.subject, n.value
),
touched AS (
    SELECT id AS series_id, subject, value AS low, value AS high, value AS last, %(at)s::timestamptz AS since,
           NULL::numeric AS price, %(at)s::timestamptz AS at, 'computed'::text AS source
    FROM claimed
)
"""


def params(values: Mapping[int, Decimal], at: datetime) -> dict[str, Any]:
    """Parameters of TOUCHED: series id -> value, all observed at `at`. An older or equal time is ignored."""
    return {"ids": list(values), "values": [nano(value) for value in values.values()], "at": at}
