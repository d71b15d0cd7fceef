"""Alert configs for tests, and what was told because of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from alerts import configs, standing
from alerts.models import Alert, AlertConfig
from tests.orders.making import NOW
from watches.models import Watch

ABOVE = {"symbol": "AAPL", "above": "110"}


def config(user: User, condition: dict[str, Any] | None = None, *, now: datetime = NOW, **fields: Any) -> AlertConfig:
    """A price alert above 110 without a cooldown, unless changed."""
    data = {"alert_type": "price", "condition": condition or ABOVE, "cooldown_seconds": 0, **fields}
    return configs.create(user=user, data=data, now=now)


def told(config: AlertConfig) -> list[Alert]:
    """What its owner was told, oldest first."""
    return list(Alert.objects.filter(user=config.user, data__config=str(config.id)).order_by("triggered_at"))


def fresh(config: AlertConfig) -> AlertConfig:
    return AlertConfig.objects.get(id=config.id)


def watch_of(config: AlertConfig) -> Watch:
    return Watch.objects.select_related("series").get(owner_kind="alert", owner_id=config.id)


def state(config: AlertConfig, *, now: datetime = NOW) -> str:
    return str(standing.standing_of(fresh(config), now=now).state)
