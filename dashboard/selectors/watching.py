"""The latest alerts, and the signs of life on the overview."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max

from accounts.models import User
from alerts.models import Alert
from automation.models import Action, ActionStatus
from common.models import Heartbeat
from markets.models import Quote

LATEST = 4
QUEUE = "queue:"  # the heartbeats of the workers, one per queue


def latest_alerts(user: User) -> list[Alert]:
    return list(Alert.objects.filter(user=user).order_by("-triggered_at", "-pk")[:LATEST])


def health_of(user: User, *, now: datetime) -> dict[str, Any]:
    """Three queries: rules watched, the newest price, the last signs of life (workers: of the slowest queue)."""
    newest = Quote.objects.aggregate(at=Max("received_at"))["at"]
    beats = {beat.process: beat.at for beat in Heartbeat.objects.order_by("process")}
    ages = {
        process: max(0.0, (now - at).total_seconds()) for process, at in beats.items() if not process.startswith(QUEUE)
    }
    queues = [at for process, at in beats.items() if process.startswith(QUEUE)]
    if queues:
        ages["workers"] = max(0.0, (now - min(queues)).total_seconds())
    return {
        "active": Action.objects.filter(user=user, status=ActionStatus.ACTIVE).count(),
        "quote_age": None if newest is None else max(0.0, (now - newest).total_seconds()),
        "beats": [{"process": process, "age": age} for process, age in ages.items()],
    }
