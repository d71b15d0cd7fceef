"""Raised alerts become deliveries, with the transaction that raises them: told in the site and on its way, or neither.

What is collected for a digest is due when its period ends; what must wait for other reasons is decided when it is due
(`alerts.channels.planning`), so that raising costs the same whatever the channels ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from alerts.channels.planning import boundary
from alerts.models import Alert, AlertChannel, Delivery
from common.bulk import insert
from common.enqueue import nudge

TASK = "alerts.deliver"
DEFAULT = "default"


def queue(alerts: Sequence[Alert], now: datetime) -> None:
    """A delivery for each alert and each enabled channel of its user, in one query and one insert."""
    channels: dict[int, list[AlertChannel]] = {}
    for channel in AlertChannel.objects.filter(user__in={alert.user_id for alert in alerts}, enabled=True):
        channels.setdefault(channel.user_id, []).append(channel)
    rows = [
        _row(alert, channel, now)
        for alert in alerts
        for channel in channels.get(alert.user_id, ())
        if not _is_about(alert, channel.id)
    ]
    if rows:
        insert(Delivery, rows)
        if any(row.next_try_at is not None and row.next_try_at <= now for row in rows):
            nudge(TASK, queue="default")


def verbosity_of(channel: AlertChannel, kind: str) -> str:
    """How the channel wants alerts of this kind."""
    return str(channel.verbosity.get(kind) or channel.verbosity.get(DEFAULT) or AlertChannel.Verbosity.ON)


def _row(alert: Alert, channel: AlertChannel, now: datetime) -> Delivery:
    verbosity = verbosity_of(channel, alert.kind)
    row = Delivery(alert=alert, channel=channel, created_at=now, silent=verbosity == AlertChannel.Verbosity.SILENT)
    critical = alert.severity == Alert.Severity.CRITICAL
    if verbosity == AlertChannel.Verbosity.OFF:
        row.state, row.reason = Delivery.State.SUPPRESSED, "off"
    elif verbosity == AlertChannel.Verbosity.DIGEST and not critical:
        row.digest, row.reason, row.next_try_at = True, "digest", boundary(now, channel.digest_minutes)
    else:
        row.next_try_at = now
    return row


def _is_about(alert: Alert, channel_id: UUID) -> bool:
    """A channel that fails is told of by the others."""
    return alert.data.get("failing_channel") == str(channel_id)
