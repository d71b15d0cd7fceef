"""Keep the history of runs bounded, by number and by age."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

KEPT = 500  # ended runs per job
KEPT_FOR = timedelta(days=90)
ALWAYS = 20  # the newest of each job are kept however old
BATCH = 50_000  # in one pass: the rest waits for the next one

_PRUNE = """
DELETE FROM automation_jobrun WHERE id IN (
    SELECT id FROM (
        SELECT id, due_at, row_number() OVER (PARTITION BY job_id ORDER BY due_at DESC) AS place
        FROM automation_jobrun WHERE state NOT IN ('pending', 'running')
    ) ranked
    WHERE place > %(kept)s OR (place > %(always)s AND due_at < %(before)s) LIMIT %(batch)s
)
"""


def prune(*, now: datetime) -> int:
    """Delete ended runs that are one too many or too old. Returns how many."""
    params: dict[str, Any] = {"kept": KEPT, "always": ALWAYS, "before": now - KEPT_FOR, "batch": BATCH}
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE, params)
        return cursor.rowcount
