"""What to do next with the alerts that wait for one channel: send, collect, or drop. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

TOO_OLD = timedelta(days=2)  # an alert that could not even be tried for so long is history, not news
MOST_TRIES = 20  # far more than the waits between tries allow: its worker dies of it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """One delivery that is due. `retry` is the message its last try was part of, if that failed or was lost."""

    id: int
    created_at: datetime
    critical: bool = False
    acknowledged: bool = False
    digest: bool = False
    urgent: bool = False
    silent: bool = False
    repeat: bool = False
    tries: int = 0
    retry: UUID | None = None

    @property
    def passes_quiet(self) -> bool:
        return self.critical or self.urgent


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How the channel wants to be used. `quiet_until`: the end of the quiet hours it is in, None outside of them."""

    enabled: bool = True
    quiet_until: datetime | None = None
    flood_count: int = 10
    flood_minutes: int = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """At most one message to send now, what to hold for a digest, and what not to send at all: ids with the reason."""

    send: tuple[int, ...] = ()
    hold: tuple[int, ...] = ()
    hold_until: datetime | None = None
    hold_reason: str = ""
    drop: tuple[tuple[int, str], ...] = ()


def decide(due: Sequence[Waiting], *, limits: Limits, recent: int, now: datetime) -> Decision:
    """The next step for one channel. `recent` is how many messages went out in the last `flood_minutes`.

    Critical alerts pass quiet hours and flood control; more than `flood_count` of them at once share one message.
    A message whose try failed is tried again as it was, so that the receiver can tell it by its id.
    """
    drop = tuple((row.id, why) for row in due if (why := _no_longer(row, limits, now)))
    gone = {row_id for row_id, _ in drop}
    rows = sorted((row for row in due if row.id not in gone), key=lambda row: row.id)
    loud = [row for row in rows if row.passes_quiet]
    calm = [row for row in rows if not row.passes_quiet]
    if loud:
        return Decision(send=_loud(loud, limits), drop=drop)
    if calm and limits.quiet_until is not None:
        held = tuple(row.id for row in calm)
        return Decision(hold=held, hold_until=limits.quiet_until, hold_reason="quiet_hours", drop=drop)
    if again := _again(calm):
        return Decision(send=again, drop=drop)
    plain = tuple(row.id for row in calm if not row.digest)
    if plain and recent + len(plain) > limits.flood_count:
        return Decision(hold=plain, hold_until=boundary(now, limits.flood_minutes), hold_reason="flood", drop=drop)
    if plain:
        return Decision(send=plain[:1], drop=drop)
    return Decision(send=tuple(row.id for row in calm), drop=drop)


def boundary(now: datetime, minutes: int) -> datetime:
    """The next instant that is a whole multiple of so many minutes: what waits for it goes in one message."""
    size = timedelta(minutes=minutes)
    return now + size - (now - _EPOCH) % size


def _loud(rows: Sequence[Waiting], limits: Limits) -> tuple[int, ...]:
    if again := _again(rows):
        return again
    urgent = [row.id for row in rows if row.urgent]
    if urgent:
        return (urgent[0],)
    fresh = tuple(row.id for row in rows)
    return fresh if len(fresh) > limits.flood_count else fresh[:1]


def _again(rows: Sequence[Waiting]) -> tuple[int, ...]:
    """The message that was tried first, as it was."""
    message = next((row.retry for row in rows if row.retry is not None), None)
    return () if message is None else tuple(row.id for row in rows if row.retry == message)


def _no_longer(row: Waiting, limits: Limits, now: datetime) -> str:
    if row.tries >= MOST_TRIES:
        return "gave_up"
    if row.urgent:
        return ""
    if row.acknowledged:
        return "acknowledged"
    if not limits.enabled:
        return "channel_off"
    return "too_old" if row.retry is None and not row.repeat and now - row.created_at > TOO_OLD else ""
