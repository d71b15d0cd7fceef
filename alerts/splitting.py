"""The words of price alerts after a split. Their watches are carried over with everybody's (`watches`)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from alerts.conditions.price import LEVELS
from alerts.models import AlertConfig
from common.money import nano, plain

IN_DOLLARS = (*LEVELS, "hysteresis")


def made_since(symbol: str, effective_at: datetime) -> set[UUID]:
    """The alerts on `symbol` that were made after the split took effect: they, and their watches, are in new shares."""
    new = AlertConfig.objects.filter(instrument=symbol, created_at__gte=effective_at)
    return set(new.values_list("id", flat=True))


def rescale(
    *, symbol: str, dollars: Callable[[Decimal], Decimal], now: datetime, but: Collection[UUID] = frozenset()
) -> int:
    """Say the levels of `symbol` in new shares: `dollars` turns an old price into the new one. Returns how many.

    Call in the transaction that books the split; those in `but` are left alone. Nothing is armed afresh, so nothing is
    told because of it.
    """
    mine = AlertConfig.objects.select_for_update().filter(alert_type="price", instrument=symbol)
    rows = mine.exclude(id__in=but).order_by("id")
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
