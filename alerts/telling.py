"""Tell the owners of alert configs: a condition was reached. Exactly once per arming, with the engine's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from alerts.arming import OWNER
from alerts.conditions.registry import KINDS
from alerts.models import AlertConfig
from alerts.raising import NewAlert, raise_alerts
from common.ids import new_id
from common.money import plain
from watches import crossing
from watches.crossing import Hit
from watches.machine import WatchState

_SAVE = """
UPDATE alerts_alertconfig c
SET epoch = n.epoch, fired_count = n.count, last_fired_at = %s, last_value = n.value, enabled = n.enabled
FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::numeric[], %s::boolean[]) AS n(id, epoch, count, value, enabled)
WHERE c.id = n.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """A config that is told now, with what was seen."""

    config: AlertConfig
    body: str
    value: Decimal | None
    data: Mapping[str, Any]
    symbol: str = ""
    title: str = ""  # empty: the condition's sentence


def tell_hits(hits: Sequence[Hit], now: datetime) -> int:
    """Tell the owners of those of a batch's hits that are alerts'; switch off the watches nobody stands behind.

    Call in the engine's transaction. A few statements for any number of hits. Returns how many were told.
    """
    ours = [hit for hit in hits if hit.owner_kind == OWNER]
    if not ours:
        return 0
    configs = lock({hit.owner_id for hit in ours})
    stale = [hit.watch_id for hit in ours if not _stands_behind(configs.get(hit.owner_id), hit)]
    told: list[Telling] = []
    written: list[tuple[Hit, WatchState, int]] = []
    for hit in ours:
        config = configs.get(hit.owner_id)
        if config is None or not _stands_behind(config, hit):
            continue
        told.append(_telling(config, hit))
        # After `tell_many` the config is of the next epoch; the watch goes on under that.
        written.append((hit, crossing.after_firing(hit, repeats=config.repeats, now=now), config.epoch + 1))
    tell_many(told, now)
    crossing.write_fired(written)
    crossing.turn_off(stale)
    return len(told)


def lock(config_ids: set[UUID]) -> dict[UUID, AlertConfig]:
    """The configs, locked in id order."""
    rows = AlertConfig.objects.select_for_update().filter(id__in=config_ids).order_by("id")
    return {config.id: config for config in rows}


def tell_many(told: Sequence[Telling], now: datetime) -> None:
    """Raise the alerts of locked configs and move each to its next epoch; one that is told once is switched off."""
    if not told:
        return
    raise_alerts([_alert(telling) for telling in told], now)
    rows = []
    for telling in told:
        config = telling.config
        config.epoch += 1
        config.fired_count += 1
        config.last_fired_at, config.last_value = now, telling.value
        config.enabled = config.repeats
        rows.append((config.id, config.epoch, config.fired_count, config.last_value, config.enabled))
    with connection.cursor() as cursor:
        cursor.execute(_SAVE, [now, *(list(column) for column in zip(*rows, strict=True))])


def _stands_behind(config: AlertConfig | None, hit: Hit) -> bool:
    return config is not None and config.enabled and config.epoch == hit.epoch


def _telling(config: AlertConfig, hit: Hit) -> Telling:
    unit = KINDS[config.alert_type].unit(config.condition)
    seen = f"price ${plain(hit.price)}, " if hit.price is not None and unit != "$" else ""
    values = f"{with_unit(hit.value, unit)} against {with_unit(hit.level, unit)}"
    return Telling(
        config=config,
        body=f"Seen: {seen}{values} at {hit.seen_at:%Y-%m-%d %H:%M:%S} UTC.",
        value=hit.value,
        data={
            "value": plain(hit.value),
            "level": plain(hit.level),
            "price": None if hit.price is None else plain(hit.price),
            "at": hit.seen_at.isoformat(),
            "source": hit.source,
        },
        symbol=config.instrument_id or "",
    )


def with_unit(value: Decimal, unit: str) -> str:
    """`$200`, `5 %`, `0.4`: to at most 4 places, as many as a person reads."""
    short = plain(round(value, 4) + 0)
    return f"${short}" if unit == "$" else f"{short} {unit}".rstrip()


def _alert(telling: Telling) -> NewAlert:
    config = telling.config
    sentence = KINDS[config.alert_type].sentence(config.condition)
    title = telling.title or f"{sentence[0].upper()}{sentence[1:]}"
    return NewAlert(
        user_id=config.user_id,
        kind=config.alert_type,
        severity=config.severity,
        title=f"{config.name}: {title}" if config.name else title,
        body=telling.body,
        symbol=telling.symbol,
        data={
            "config": str(config.id),
            "subject": None if config.subject is None else str(config.subject),
            **telling.data,
        },
        dedupe_key=f"config:{config.id}:{config.epoch}",
        trace_id=new_id(),
    )
