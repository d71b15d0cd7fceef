"""What a person can do with a channel. Each function is one transaction under the channel's row lock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts import credentials
from accounts.models import Credential, User
from alerts.channels.queueing import TASK
from alerts.channels.reading import FIELDS, read_channel
from alerts.channels.transports.registry import TRANSPORTS
from alerts.models import Alert, AlertChannel, Delivery
from common.enqueue import nudge
from common.errors import Conflict, InvalidInput, NotFound
from common.ids import new_id
from live.push import announce

MOST_PER_USER = 20
TESTS = 5  # of one channel, within TESTS_WITHIN
TESTS_WITHIN = timedelta(minutes=5)


@transaction.atomic
def create(*, user: User, data: Mapping[str, Any], now: datetime) -> tuple[AlertChannel, str]:
    """Make a channel. Returns it with the key its webhook is signed with, which is shown only now (else empty).

    Raises InvalidInput naming each field, value and fix; Conflict at the limit and without field keys.
    """
    fields, target = read_channel(data, zone=user.time_zone or "America/New_York")
    assert target is not None  # required of a new one
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two at once may not both be the last one allowed
    if AlertChannel.objects.filter(user=user).count() >= MOST_PER_USER:
        raise Conflict(f"You have {MOST_PER_USER} channels, the most allowed: delete one first.", code="too_many")
    channel = AlertChannel(user=user, created_at=now, updated_at=now, **fields)
    channel.hint = TRANSPORTS[channel.kind].hint(target)[:120]
    _save(channel, force_insert=True)
    _keep(channel, target, now)
    _tell(channel, "created", now)
    return channel, target.get("key", "")


@transaction.atomic
def update(*, user: User, channel_id: UUID, changes: Mapping[str, Any], now: datetime) -> tuple[AlertChannel, str]:
    """Edit a channel; what is left out stays, its target too. Raises NotFound, InvalidInput.

    A new target of a webhook has a new key, which is returned.
    """
    channel = _locked(user, channel_id)
    fields, target = read_channel({**_as_raw(channel), **changes}, zone=channel.time_zone, kept=channel.kind)
    for name, value in fields.items():
        setattr(channel, name, value)
    channel.updated_at = now
    if target is not None:
        channel.hint, channel.failures_in_a_row, channel.last_error = TRANSPORTS[channel.kind].hint(target)[:120], 0, ""
        _keep(channel, target, now)
    _save(channel)
    _tell(channel, "changed", now)
    return channel, (target or {}).get("key", "")


@transaction.atomic
def delete(*, user: User, channel_id: UUID, now: datetime) -> None:
    """Forget a channel with its target and its deliveries; the alerts stay. Raises NotFound."""
    channel = _locked(user, channel_id)
    _tell(channel, "deleted", now)
    credentials.forget(user=user, kind=Credential.Kind.CHANNEL, name=str(channel.id))
    channel.delete()


@transaction.atomic
def send_test(*, user: User, channel_id: UUID, now: datetime) -> Delivery:
    """Send a test, whatever quiet hours say; its outcome is in the delivery. Raises NotFound, Conflict."""
    channel = _locked(user, channel_id)
    tests = Delivery.objects.filter(channel=channel, urgent=True, created_at__gt=now - TESTS_WITHIN)
    if tests.count() >= TESTS:
        raise Conflict(f"{TESTS} tests in five minutes are enough: wait a little.", code="too_many_tests")
    alert = Alert.objects.create(
        user=user,
        kind=Alert.Kind.NOTE,
        title=f"Test of the channel {channel.name}"[:200],
        body="If you read this, alerts reach you here.",
        data={"channel": str(channel.id), "test": True},
        dedupe_key=f"channel-test:{new_id()}",
        triggered_at=now,
    )
    delivery = Delivery.objects.create(alert=alert, channel=channel, urgent=True, next_try_at=now, created_at=now)
    nudge(TASK, queue="default")
    return delivery


def channel_of(user: User, channel_id: UUID) -> AlertChannel:
    """The user's channel. Raises NotFound, for anybody else's too."""
    return _found(AlertChannel.objects.filter(user=user, id=channel_id).first(), channel_id)


def target_of(channel: AlertChannel) -> dict[str, str]:
    """Where it sends, and with which keys. Only for its transport. Raises NotFound, credentials.Unreadable."""
    secret = credentials.reveal(user_id=channel.user_id, kind=Credential.Kind.CHANNEL, name=str(channel.id))
    return dict(json.loads(secret))


def _keep(channel: AlertChannel, target: Mapping[str, str], now: datetime) -> None:
    credentials.keep(
        user=channel.user, kind=Credential.Kind.CHANNEL, name=str(channel.id), secret=json.dumps(target), now=now
    )


def _save(channel: AlertChannel, *, force_insert: bool = False) -> None:
    try:
        with transaction.atomic():
            channel.save(force_insert=force_insert)
    except IntegrityError:
        raise InvalidInput({"name": f"You have a channel named {channel.name!r}: choose another name."}) from None


def _as_raw(channel: AlertChannel) -> dict[str, Any]:
    """The channel as `create` takes it, without its target."""
    raw = {name: getattr(channel, name) for name in FIELDS}
    clocks = {name: raw[name] and f"{raw[name]:%H:%M}" for name in ("quiet_from", "quiet_until")}
    return {**raw, **clocks}


def _locked(user: User, channel_id: UUID) -> AlertChannel:
    return _found(
        AlertChannel.objects.select_for_update(of=("self",), no_key=True).filter(user=user, id=channel_id).first(),
        channel_id,
    )


def _found(channel: AlertChannel | None, channel_id: UUID) -> AlertChannel:
    if channel is None:
        raise NotFound(f"There is no channel {channel_id}.")
    return channel


def _tell(channel: AlertChannel, kind: str, now: datetime) -> None:
    """The user's other open pages show it as it is."""
    payload = {"channel": channel.id, "enabled": channel.enabled}
    announce(user_id=channel.user_id, topic="alerts", kind=f"channel_{kind}", payload=payload, now=now)
