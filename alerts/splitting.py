"""The words of price alerts after a split. Their watches are carried over with everybody's (`watches`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from alerts.conditions.price import LEVELS
from alerts.models import AlertConfig
from common.money import nano, plain

IN_DOLLARS = (*LEVELS, "hysteresis")


def rescale(*, symbol: str, dollars: Callable[[Decimal], Decimal], now: datetime) -> int:
    """Say the levels of `symbol` in new shares: `dollars` turns an old price into the new one. Returns how many.

    Call in the transaction that books the split. Nothing is armed afresh, so nothing is told because of it.
    """
    rows = AlertConfig.objects.select_for_update().filter(alert_type="price", instrument=symbol).order_by("id")
    changed = []
    for config in rows:
        scaled = {
            key: plain(nano(dollars(Decimal(value)))) if key in IN_DOLLARS else value
            for key, value in config.condition.items()
        }
        if scaled != config.condition:
            config.condition, config.updated_at = scaled, now
            config.version += 1
            changed.append(config)
    AlertConfig.objects.bulk_update(changed, ["condition", "updated_at", "version"], batch_size=500)
    return len(changed)
