"""Keep the history bounded: by age, and by rows per rule. In batches, so that nothing waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

BATCH = 5_000
MOST_BATCHES = 10  # in one pass, about a third of a second: the sweeper has more to do, the rest waits for its next one

_OLD = """
DELETE FROM automation_trace WHERE id IN (
    SELECT id FROM automation_trace WHERE last_at < %(before)s ORDER BY last_at LIMIT %(batch)s
)
"""
# Counting reads the index (action, id) alone; only rules that have too many are looked into. The LATERAL finds the
# newest row that is one too many, and everything up to it goes.
_FULL = """
SELECT c.action_id, t.id FROM (
    SELECT action_id FROM automation_trace GROUP BY action_id HAVING count(*) > %(rows)s
) c CROSS JOIN LATERAL (
    SELECT id FROM automation_trace WHERE action_id = c.action_id ORDER BY id DESC OFFSET %(rows)s LIMIT 1
) t
"""
_EXCESS = """
DELETE FROM automation_trace WHERE id IN (
    SELECT t.id FROM unnest(%(actions)s::uuid[], %(ids)s::bigint[]) AS c(action_id, last)
    JOIN automation_trace t ON t.action_id = c.action_id AND t.id <= c.last LIMIT %(batch)s
)
"""


def prune(*, now: datetime, days: int, rows: int) -> int:
    """Delete entries older than `days`, and all but the newest `rows` of each rule. Returns how many."""
    deleted = _repeat(_OLD, {"before": now - timedelta(days=days)})
    with connection.cursor() as cursor:
        cursor.execute(_FULL, {"rows": rows})
        full = cursor.fetchall()
    if full:
        actions, ids = zip(*full, strict=True)
        deleted += _repeat(_EXCESS, {"actions": list(actions), "ids": list(ids)})
    return deleted


def _repeat(statement: str, params: dict[str, Any]) -> int:
    """Run a deletion batch by batch, each a transaction of its own, until one finds less than a batch."""
    deleted = 0
    for _ in range(MOST_BATCHES):
        with connection.cursor() as cursor:
            cursor.execute(statement, {**params, "batch": BATCH})
            deleted += cursor.rowcount
            if cursor.rowcount < BATCH:
                break
    return deleted
