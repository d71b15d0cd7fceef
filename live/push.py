"""Announce what happened, number it per user, and push it to the open sockets.

1. `announce` inserts an unnumbered `Event` in the caller's transaction: it exists exactly if what it tells exists.
2. After that commit, `publish` numbers the users' events in a short transaction of its own, under the lock of each
   user's `EventCounter` row. Only committed events get a number, one publisher at a time: a client that has seen 7
   can never be shown a 6 later, and there are no gaps.
3. Then the numbered events go to the sockets. Nothing depends on that: sockets read what they missed from the rows.

If the process dies between 1 and 2, the sweeper (`publish_leftovers`) or the client's `GET events/` numbers them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from common.bulk import insert_columns
from live.models import Event
from live.numbering import number
from live.sending import send

log = logging.getLogger(__name__)
LEFTOVER_USERS = 500


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """Something one user is to see. `payload` is JSON; decimals, ids and times in it become strings."""

    user_id: int
    topic: str
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    trace_id: UUID | None = None


class _Unpublished(threading.local):
    """The users announced to in this thread's open transaction, so that one commit makes one publish."""

    def __init__(self) -> None:
        self.user_ids: set[int] = set()


_unpublished = _Unpublished()


def announce(
    *, user_id: int, topic: str, kind: str, payload: Mapping[str, Any], now: datetime, trace_id: UUID | None = None
) -> None:
    """Record one event with the current transaction and push it after the commit."""
    announce_many([Announcement(user_id=user_id, topic=topic, kind=kind, payload=payload, trace_id=trace_id)], now)


def announce_many(announcements: Sequence[Announcement], now: datetime) -> None:
    """Record events, in this order per user, with the current transaction and push them after the commit."""
    if not announcements:
        return
    insert_columns(
        Event,
        {
            "user_id": [item.user_id for item in announcements],
            "seq": [None] * len(announcements),
            "topic": [item.topic for item in announcements],
            "kind": [item.kind for item in announcements],
            "payload": [dict(item.payload) for item in announcements],
            "trace_id": [item.trace_id for item in announcements],
            "created_at": [now] * len(announcements),
        },
    )
    _unpublished.user_ids.update(item.user_id for item in announcements)
    # Every call registers: a rolled-back savepoint takes its own registration with it. The first one to run
    # publishes for all, the others find nothing left to do.
    transaction.on_commit(_publish_pending, robust=True)


def _publish_pending() -> None:
    user_ids, _unpublished.user_ids = _unpublished.user_ids, set()
    if user_ids:
        publish(user_ids)


def publish(user_ids: Iterable[int]) -> int:
    """Number the committed events of these users and push them. Returns how many were numbered.

    Costs two statements and one message to Redis however many users there are. A Redis that is down is logged, never
    raised.
    """
    numbered = number(sorted(set(user_ids)))
    if numbered:
        send(numbered)
    return len(numbered)


def publish_leftovers(now: datetime) -> int:
    """Number and push what a process left behind when it died between commit and publish. Returns how many."""
    waiting = Event.objects.filter(seq__isnull=True, created_at__lte=now).values_list("user_id", flat=True).distinct()
    return publish(waiting[:LEFTOVER_USERS])
