"""Write and read heartbeats."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from common.models import Heartbeat


def beat(process: str, *, now: datetime, **details: Any) -> None:
    """Record that `process` was alive at `now`."""
    Heartbeat.objects.update_or_create(process=process, defaults={"at": now, "details": details})


def last_beat(process: str) -> datetime | None:
    """When `process` last showed a sign of life; None if never."""
    return Heartbeat.objects.filter(process=process).values_list("at", flat=True).first()


def age(process: str, *, now: datetime) -> timedelta | None:
    """How long ago `process` last showed a sign of life; None if never."""
    at = last_beat(process)
    return None if at is None else now - at
