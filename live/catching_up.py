"""Reading published events, and forgetting old ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from live.models import Event, EventCounter
from live.numbering import Numbered, is_waiting, read
from live.push import publish


@dataclass(frozen=True, kw_only=True)
class CatchUp:
    """Events after a number. `forgotten` says that some between the two are no longer kept."""

    last_seq: int
    events: Sequence[Numbered]
    more: bool
    forgotten: bool


def last_seq(user_id: int) -> int:
    """The number of a user's newest published event; 0 before the first."""
    return EventCounter.objects.filter(user_id=user_id).values_list("last_seq", flat=True).first() or 0


def catch_up(user_id: int, *, after: int, limit: int) -> CatchUp:
    """At most `limit` events after `after`, oldest first.

    Numbers what is waiting first: a client that asks depends on no other process having done so.
    """
    if is_waiting(user_id):
        publish([user_id])
    newest = last_seq(user_id)
    events = read(user_id, after=after, limit=limit)
    reached = events[-1].seq if events else after
    first = events[0].seq if events else newest + 1
    return CatchUp(last_seq=newest, events=events, more=bool(events) and reached < newest, forgotten=after + 1 < first)


def forget_events(before: datetime) -> int:
    """Delete published events made before `before`. Returns how many."""
    deleted, _ = Event.objects.filter(created_at__lt=before, seq__isnull=False).delete()
    return deleted
