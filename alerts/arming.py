"""Turn an alert config into a watch. Call holding the config's row lock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from alerts.conditions.registry import KINDS
from alerts.models import AlertConfig
from markets.waking import wake
from watches import arming
from watches.specs import Repeat, WatchSpec

OWNER = "alert"


def plan_of(config: AlertConfig) -> WatchSpec | None:
    """What the config watches for; None when it is told by calls (signals)."""
    return KINDS[config.alert_type].plan(config.condition, config.subject)


def arm(config: AlertConfig, *, now: datetime) -> None:
    """Watch under the config's present epoch, forgetting what was before; a disabled one watches nothing."""
    spec = plan_of(config)
    if spec is None or not config.enabled:
        arming.disarm(OWNER, [config.id])
        return
    repeat = Repeat(repeats=config.repeats, cooldown_seconds=config.cooldown_seconds)
    arming.arm(owner_kind=OWNER, owner_id=config.id, epoch=config.epoch, spec=spec, repeat=repeat, now=now)
    if config.instrument_id:
        wake([config.instrument_id], now=now)


def symbols_of(owners: Iterable[tuple[str, UUID]]) -> list[str]:
    """The symbols of those owners of watches that are alerts."""
    ids = [owner_id for kind, owner_id in owners if kind == OWNER]
    if not ids:
        return []
    about = AlertConfig.objects.filter(id__in=ids, instrument__isnull=False)
    return list(about.values_list("instrument_id", flat=True).distinct())
