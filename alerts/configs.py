"""What a person can do with an alert config. Each function is one transaction under the config's row lock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from alerts import arming
from alerts.models import AlertConfig
from alerts.reading import FIELDS, REARMING, read_config
from common.errors import Conflict, NotFound
from common.giving_way import gives_way
from live.push import announce
from watches.models import Watch

MOST_PER_USER = 500


@gives_way
def create(*, user: User, data: Mapping[str, Any], now: datetime) -> AlertConfig:
    """Check, store and arm a config. Raises InvalidInput naming each field, value and fix; Conflict at the limit."""
    fields = read_config(user, data)
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two at once may not both be the last one allowed
    if AlertConfig.objects.filter(user=user).count() >= MOST_PER_USER:
        raise Conflict(f"You have {MOST_PER_USER} alerts, the most allowed: delete one first.", code="too_many_alerts")
    config = AlertConfig.objects.create(user=user, created_at=now, updated_at=now, **fields)
    arming.arm(config, now=now)
    _tell(config, "created", now)
    return config


def drafted(*, user: User, data: Mapping[str, Any], now: datetime) -> AlertConfig:
    """The config as `create` would make it; nothing is stored. Raises InvalidInput."""
    return AlertConfig(user=user, created_at=now, updated_at=now, **read_config(user, data))


@gives_way
def update(*, user: User, config_id: UUID, changes: Mapping[str, Any], now: datetime) -> AlertConfig:
    """Edit a config; what is left out stays. A change of what it waits for arms it afresh under the next epoch.

    Raises NotFound, InvalidInput.
    """
    config = _locked(user, config_id)
    fields = read_config(user, {**as_raw(config), **_without_what_no_longer_fits(config, changes)})
    changed = {name for name, value in fields.items() if getattr(config, name) != value}
    if not changed:
        return config
    for name in changed:
        setattr(config, name, fields[name])
    config.version += 1
    config.updated_at = now
    if changed & REARMING:
        config.epoch += 1
    config.save()
    if changed & REARMING:
        arming.arm(config, now=now)
    _tell(config, "changed", now)
    return config


@gives_way
def set_enabled(*, user: User, config_id: UUID, enabled: bool, now: datetime) -> AlertConfig:
    """Switch a config on, afresh, or off. Doing it again changes nothing. Raises NotFound.

    Needs no check of its condition: what it is about may be gone.
    """
    config = _locked(user, config_id)
    if config.enabled != enabled:
        config.enabled = enabled
        config.version += 1
        config.epoch += 1
        config.updated_at = now
        config.save()
        arming.arm(config, now=now)
        _tell(config, "changed", now)
    return config


@gives_way
def delete(*, user: User, config_id: UUID, now: datetime) -> None:
    """Forget a config; what it told stays in the history. Raises NotFound."""
    config = _locked(user, config_id)
    Watch.objects.filter(owner_kind=arming.OWNER, owner_id=config.id).delete()
    _tell(config, "deleted", now)
    config.delete()


def as_raw(config: AlertConfig) -> dict[str, Any]:
    """The config as `create` takes it."""
    raw = {name: getattr(config, name) for name in FIELDS if name != "portfolio"}
    return {**raw, "portfolio": config.subject} if config.alert_type == AlertConfig.Type.RISK else raw


def config_of(user: User, config_id: UUID) -> AlertConfig:
    """The user's config. Raises NotFound, for anybody else's too."""
    return _found(AlertConfig.objects.filter(user=user, id=config_id).first(), config_id)


def _locked(user: User, config_id: UUID) -> AlertConfig:
    return _found(AlertConfig.objects.select_for_update().filter(user=user, id=config_id).first(), config_id)


def _found(config: AlertConfig | None, config_id: UUID) -> AlertConfig:
    if config is None:
        raise NotFound(f"There is no alert {config_id}.")
    return config


def _without_what_no_longer_fits(config: AlertConfig, changes: Mapping[str, Any]) -> dict[str, Any]:
    """A new type drops the old type's portfolio, unless the change names one."""
    changes = dict(changes)
    if changes.get("alert_type", config.alert_type) != AlertConfig.Type.RISK:
        changes.setdefault("portfolio", None)
    return changes


def _tell(config: AlertConfig, kind: str, now: datetime) -> None:
    """The user's other open pages show it as it is."""
    payload = {"config": config.id, "enabled": config.enabled, "version": config.version}
    announce(user_id=config.user_id, topic="alerts", kind=f"config_{kind}", payload=payload, now=now)
