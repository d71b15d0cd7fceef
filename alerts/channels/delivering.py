"""Send what is due: claim one message of one channel, send it outside of any transaction, record what became of it.

A claim is a lease: a worker that dies leaves its rows to the next one when the lease is over. Between the remote's
"yes" and our record of it a crash leads to a second try under the same message id; nothing closer to exactly once can
be had from a remote that keeps no ids. One channel has one message under way at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet

from alerts.channels import keeping, messages
from alerts.channels.planning import Decision, Limits, Waiting, decide
from alerts.channels.quiet import quiet_until
from alerts.channels.transports.base import SendError
from alerts.channels.transports.registry import TRANSPORTS
from alerts.models import Alert, AlertChannel, Delivery
from alerts.raising import raise_alert
from common.errors import PufflingError
from common.ids import new_id
from live.push import Announcement, announce_many

log = logging.getLogger(__name__)
# Channels are locked with no_key: the engine's inserts of deliveries, which point at them, never wait for a lock here.
LEASE = timedelta(seconds=90)  # longer than any send: the task's own time limit is 60 s
LOOKED_AT = 500  # due rows of one channel at a time
CHANNELS = 20  # whose turn it may be; others are busy
# Waits between tries; after the last one it has failed. About a day in all.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 10, 30, 60, 180, 360, 720))
RETRY = "retry"
ERROR_LENGTH = 300


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """One message to send: its rows are ours until `lease`."""

    channel: AlertChannel
    rows: Sequence[Delivery]
    lease: datetime
    repeat: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a try."""

    sent: bool
    text: str
    permanent: bool = False
    retry_after: int | None = None


def deliver_one(*, now: datetime) -> bool:
    """Send one message, or decide about one channel's waiting rows. False when nothing was due."""
    found, claimed = claim(now=now)
    if claimed is not None:
        record(claimed, send(claimed, now=now), now=now)
    return found


def due(now: datetime) -> QuerySet[Delivery]:
    """Rows whose time has come and that no worker holds."""
    return Delivery.objects.filter(next_try_at__lte=now).filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now))


@transaction.atomic
def claim(*, now: datetime) -> tuple[bool, Claimed | None]:
    """Lock a channel with due rows, decide, and take the rows to send. (whether anything was due, what to send)"""
    channel = _next_channel(now)
    if channel is None:
        return False, None
    rows = {row.id: row for row in due(now).filter(channel=channel).select_related("alert").order_by("id")[:LOOKED_AT]}
    decision = decide(
        [_waiting(row) for row in rows.values()], limits=_limits(channel, now), recent=_recent(channel, now), now=now
    )
    _put_aside(decision)
    if not decision.send:
        return True, None
    chosen = [rows[row_id] for row_id in decision.send]
    lease = now + LEASE
    again = _was_tried(chosen[0])
    message_id = chosen[0].message_id if again else new_id()
    for row in chosen:
        row.message_id, row.lease_until, row.attempts = message_id, lease, row.attempts + 1 if again else 1
    Delivery.objects.filter(id__in=decision.send).update(
        message_id=message_id, lease_until=lease, attempts=F("attempts") + 1 if again else 1
    )
    return True, Claimed(
        channel=channel, rows=chosen, lease=lease, repeat=all(row.sent_at is not None for row in chosen)
    )


def send(claimed: Claimed, *, now: datetime) -> Outcome:
    """Try it. Holds no lock and no transaction while the remote thinks."""
    channel, rows = claimed.channel, claimed.rows
    message = messages.compose(
        [row.alert for row in rows],
        message_id=rows[0].message_id or new_id(),
        silent=all(row.silent for row in rows),
        repeat=claimed.repeat,
        now=now,
    )
    try:
        text = TRANSPORTS[channel.kind].send(keeping.target_of(channel), message)
    except SendError as error:
        return Outcome(sent=False, text=error.text, permanent=error.permanent, retry_after=error.retry_after)
    except PufflingError as error:  # its target cannot be read: the key is gone, or the row was moved
        return Outcome(sent=False, text=error.detail, permanent=True)
    return Outcome(sent=True, text=text)


@transaction.atomic
def record(claimed: Claimed, outcome: Outcome, *, now: datetime) -> bool:
    """Write down what became of it. False when the lease was lost meanwhile: then the row is another worker's."""
    ids = [row.id for row in claimed.rows]
    channel = AlertChannel.objects.select_for_update(no_key=True).filter(pk=claimed.channel.pk).first()
    rows = list(
        Delivery.objects.select_for_update(of=("self",))
        .filter(id__in=ids, lease_until=claimed.lease)
        .select_related("alert")
        .order_by("id")
    )
    if channel is None or not rows:
        return False
    for row in rows:
        row.lease_until, row.outcome = None, outcome.text[:ERROR_LENGTH]
        _sent(row, channel, now) if outcome.sent else _not_sent(row, outcome, now)
    fields = ["lease_until", "outcome", "state", "reason", "next_try_at", "sent_at", "repeats"]
    Delivery.objects.bulk_update(rows, fields)
    _note(channel, outcome, now)
    announce_many([_announcement(row, channel) for row in rows], now)
    if not outcome.sent and any(row.state == Delivery.State.FAILED for row in rows):
        _tell_of_failure(channel, outcome, now)
    return True


def _next_channel(now: datetime) -> AlertChannel | None:
    """The channel whose turn it is, locked: the one that waits longest, unless it has a message under way."""
    busy = Delivery.objects.filter(channel=OuterRef("channel"), lease_until__gt=now)
    waiting = due(now).filter(~Exists(busy)).values("channel").annotate(first=Min("next_try_at")).order_by("first")
    for channel_id in [row["channel"] for row in waiting[:CHANNELS]]:
        channel = AlertChannel.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=channel_id).first()
        # Another worker may have claimed between our look and our lock.
        if channel is not None and not Delivery.objects.filter(channel=channel, lease_until__gt=now).exists():
            return channel
    return None


def _limits(channel: AlertChannel, now: datetime) -> Limits:
    return Limits(
        enabled=channel.enabled,
        quiet_until=quiet_until(now, begins=channel.quiet_from, ends=channel.quiet_until, zone=channel.time_zone),
        flood_count=channel.flood_count,
        flood_minutes=channel.flood_minutes,
    )


def _recent(channel: AlertChannel, now: datetime) -> int:
    """How many messages went out within the flood window."""
    since = now - timedelta(minutes=channel.flood_minutes)
    sent = Delivery.objects.filter(channel=channel, sent_at__gt=since, urgent=False)
    return sent.values("message_id").distinct().count()


def _waiting(row: Delivery) -> Waiting:
    return Waiting(
        id=row.id,
        created_at=row.created_at,
        critical=row.alert.severity == Alert.Severity.CRITICAL,
        acknowledged=row.alert.acknowledged_at is not None,
        digest=row.digest,
        urgent=row.urgent,
        silent=row.silent,
        repeat=row.sent_at is not None,
        tries=row.attempts if _was_tried(row) else 0,
        retry=row.message_id if _was_tried(row) else None,
    )


def _was_tried(row: Delivery) -> bool:
    """Whether its message was tried and did not arrive as far as we know: refused for now, or its worker is gone."""
    return row.reason == RETRY or row.lease_until is not None


def _put_aside(decision: Decision) -> None:
    """Hold what goes into a digest later, and end what is not sent any more. A sent row only loses its repeats."""
    if decision.hold:
        held = Delivery.objects.filter(id__in=decision.hold)
        held.update(digest=True, reason=decision.hold_reason, next_try_at=decision.hold_until, lease_until=None)
    for why in {why for _, why in decision.drop}:
        rows = Delivery.objects.filter(id__in=[row_id for row_id, reason in decision.drop if reason == why])
        rows.filter(state=Delivery.State.SENT).update(next_try_at=None, reason=why)
        rows.filter(state=Delivery.State.PENDING).update(
            state=Delivery.State.SUPPRESSED, next_try_at=None, reason=why, lease_until=None
        )


def _sent(row: Delivery, channel: AlertChannel, now: datetime) -> None:
    """It arrived. A critical one comes again after a while, until somebody has acknowledged it."""
    row.repeats += row.sent_at is not None
    row.state, row.reason, row.sent_at, row.next_try_at = Delivery.State.SENT, "", now, None
    critical = row.alert.severity == Alert.Severity.CRITICAL and row.alert.acknowledged_at is None
    if critical and channel.repeat_minutes and row.repeats < channel.repeat_most and not row.urgent:
        row.next_try_at = now + timedelta(minutes=channel.repeat_minutes)


def _not_sent(row: Delivery, outcome: Outcome, now: datetime) -> None:
    """Later again, or never. A repeat that fails leaves what was sent before as sent."""
    if outcome.permanent or row.attempts > len(BACK_OFF) or row.urgent:
        row.next_try_at, row.reason = None, "refused" if outcome.permanent else "gave_up"
        if row.sent_at is None:
            row.state = Delivery.State.FAILED
        return
    wait = max(BACK_OFF[row.attempts - 1], timedelta(seconds=outcome.retry_after or 0))
    row.next_try_at, row.reason = now + wait, RETRY


def _note(channel: AlertChannel, outcome: Outcome, now: datetime) -> None:
    mine = AlertChannel.objects.filter(pk=channel.pk)
    if outcome.sent:
        mine.update(failures_in_a_row=0, last_sent_at=now, last_error="")
    else:
        mine.update(failures_in_a_row=F("failures_in_a_row") + 1, last_error=outcome.text[:ERROR_LENGTH])


def _tell_of_failure(channel: AlertChannel, outcome: Outcome, now: datetime) -> None:
    """Once a day and channel, in the site and over the other channels."""
    raise_alert(
        user_id=channel.user_id,
        kind=Alert.Kind.FAILURE,
        severity=Alert.Severity.WARNING,
        title=f"The channel {channel.name} does not work",
        body=f"An alert could not be sent: {outcome.text}. Look at the channel and send a test.",
        data={"failing_channel": str(channel.id)},
        dedupe_key=f"channel:{channel.id}:{now:%Y%m%d}",
        now=now,
    )


def _announcement(row: Delivery, channel: AlertChannel) -> Announcement:
    payload: dict[str, Any] = {
        "delivery": row.id,
        "alert": str(row.alert_id),
        "channel": str(channel.id),
        "state": row.state,
        "outcome": row.outcome,
    }
    return Announcement(user_id=channel.user_id, topic="alerts", kind="delivery", payload=payload)
