"""What a person was told, and what they have seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from alerts.models import Alert
from common.errors import NotFound
from live.push import announce


def acknowledge(*, user: User, alert_id: UUID, now: datetime) -> Alert:
    """Mark an alert as seen. Doing it again keeps the first time; another user's alert is NotFound."""
    own = Alert.objects.filter(user=user, pk=alert_id)
    if own.filter(acknowledged_at__isnull=True).update(acknowledged_at=now):
        _tell(user, now, id=alert_id)
    alert = own.first()
    if alert is None:
        raise NotFound("You have no such alert.")
    return alert


def acknowledge_all(*, user: User, now: datetime) -> int:
    """Mark every alert raised until `now` as seen. Returns how many were not."""
    waiting = Alert.objects.filter(user=user, acknowledged_at__isnull=True, triggered_at__lte=now)
    marked = waiting.update(acknowledged_at=now)
    if marked:
        _tell(user, now, until=now)
    return marked


def _tell(user: User, now: datetime, **which: Any) -> None:
    """The user's other open pages stop showing it as new."""
    announce(user_id=user.pk, topic="alerts", kind="acknowledged", payload={**which, "acknowledged_at": now}, now=now)
