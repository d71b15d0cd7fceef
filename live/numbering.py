"""Give committed events their per-user numbers, without gaps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from live.models import Event

# A user's first event: the counter row to lock. Ordered, so that two publishers cannot wait for each other.
_OPEN_COUNTERS = """
INSERT INTO live_eventcounter (user_id, last_seq)
SELECT DISTINCT user_id, 0 FROM live_event WHERE seq IS NULL AND user_id = ANY(%s) ORDER BY user_id
ON CONFLICT (user_id) DO NOTHING
"""
_LOCK_COUNTERS = "SELECT user_id FROM live_eventcounter WHERE user_id = ANY(%s) ORDER BY user_id FOR UPDATE"
# A statement of its own: under READ COMMITTED it sees what the previous holder of the locks numbered.
_NUMBER = """
WITH waiting AS (
    SELECT e.id, c.last_seq + row_number() OVER (PARTITION BY e.user_id ORDER BY e.id) AS seq
    FROM live_event e JOIN live_eventcounter c ON c.user_id = e.user_id
    WHERE e.seq IS NULL AND e.user_id = ANY(%s)
), numbered AS (
    UPDATE live_event e SET seq = w.seq FROM waiting w WHERE e.id = w.id
    RETURNING e.user_id, e.seq, e.topic, e.kind, e.payload, e.trace_id, e.created_at
), counted AS (
    UPDATE live_eventcounter c SET last_seq = n.last_seq
    FROM (SELECT user_id, max(seq) AS last_seq FROM numbered GROUP BY user_id) n WHERE c.user_id = n.user_id
)
SELECT user_id, seq, topic, kind, payload, trace_id, created_at FROM numbered ORDER BY user_id, seq
"""


@dataclass(frozen=True, kw_only=True)
class Numbered:
    """A published event as clients see it."""

    user_id: int
    seq: int
    topic: str
    kind: str
    payload: dict[str, Any]
    trace_id: UUID | None
    at: datetime

    def message(self) -> dict[str, Any]:
        """The JSON object sent over a socket and listed by `GET events/`."""
        return {
            "seq": self.seq,
            "topic": self.topic,
            "kind": self.kind,
            "payload": self.payload,
            "trace_id": str(self.trace_id) if self.trace_id else None,
            "at": iso(self.at),
        }


def number(user_ids: Sequence[int]) -> list[Numbered]:
    """Number the unnumbered events of these users (ascending ids) and return them, in order per user."""
    rows = _number(user_ids, all_of_them=True)
    if rows is None:
        with connection.cursor() as cursor:  # on its own, so that its locks are gone before others are waited for
            cursor.execute(_OPEN_COUNTERS, [list(user_ids)])
        rows = _number(user_ids, all_of_them=False)
    return [
        Numbered(user_id=user, seq=seq, topic=topic, kind=kind, payload=json.loads(payload), trace_id=trace, at=at)
        for user, seq, topic, kind, payload, trace, at in rows or []
    ]


def _number(user_ids: Sequence[int], *, all_of_them: bool) -> list[Any] | None:
    """The numbered rows; None if `all_of_them` and some user has no counter yet."""
    ids = list(user_ids)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK_COUNTERS, [ids])
        if all_of_them and cursor.rowcount < len(ids):
            return None
        cursor.execute(_NUMBER, [ids])
        return cursor.fetchall()


def is_waiting(user_id: int) -> bool:
    """Whether a user has events without a number."""
    return Event.objects.filter(seq__isnull=True, user_id=user_id).exists()


def read(user_id: int, *, after: int, limit: int) -> list[Numbered]:
    """Published events of a user with a number above `after`, oldest first."""
    events = Event.objects.filter(user_id=user_id, seq__gt=after).order_by("seq")[:limit]
    return [
        Numbered(
            user_id=user_id,
            seq=event.seq or 0,
            topic=event.topic,
            kind=event.kind,
            payload=event.payload,
            trace_id=event.trace_id,
            at=event.created_at,
        )
        for event in events
    ]


def iso(at: datetime) -> str:
    """ISO 8601 in UTC with a trailing Z, as the API writes times."""
    return at.isoformat().replace("+00:00", "Z")
