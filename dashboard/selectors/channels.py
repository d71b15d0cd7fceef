"""Channels with what became of what they were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from accounts.models import User
from alerts.channels.quiet import quiet_until
from alerts.channels.services import Service, recognised
from alerts.models import AlertChannel, Delivery

PAGE = 50
LATEST = 8
WHY = {  # a delivery's reason, as people say it
    "off": "switched off for this kind",
    "acknowledged": "seen in the site before",
    "channel_off": "the channel is off",
    "too_old": "too old to be news",
    "refused": "refused for good",
    "gave_up": "given up after many tries",
    "digest": "collected for a digest",
    "quiet_hours": "waits until the quiet hours end",
    "flood": "too many at once: goes with the next digest",
    "retry": "is tried again",
}


@dataclass(frozen=True, kw_only=True)
class DeliveryRow:
    """One alert on its way to one channel, in words."""

    delivery: Delivery
    look: str  # the colour of its pill
    state: str
    why: str


@dataclass(frozen=True, kw_only=True)
class ChannelRow:
    """A channel with its latest test, and the end of the quiet hours it is in."""

    channel: AlertChannel
    service: Service
    test: DeliveryRow | None
    quiet_until: datetime | None


def channel_rows(user: User, *, now: datetime) -> list[ChannelRow]:
    """Every channel by name: two queries."""
    channels = list(AlertChannel.objects.filter(user=user).order_by("name"))
    tests = Delivery.objects.filter(channel__user=user, urgent=True).order_by("channel", "-id").distinct("channel")
    tested = {test.channel_id: delivery_row(test) for test in tests}
    return [_row(channel, tested.get(channel.pk), now) for channel in channels]


def channel_row(channel: AlertChannel, *, now: datetime) -> ChannelRow:
    """One channel."""
    test = Delivery.objects.filter(channel=channel, urgent=True).order_by("-id").first()
    return _row(channel, delivery_row(test) if test else None, now)


def deliveries_of(user: User) -> QuerySet[Delivery]:
    """Newest first."""
    return Delivery.objects.filter(channel__user=user).select_related("channel", "alert").order_by("-id")


def latest_deliveries(user: User, channel: AlertChannel | None = None) -> list[DeliveryRow]:
    mine = deliveries_of(user)
    return [delivery_row(row) for row in (mine.filter(channel=channel) if channel else mine)[:LATEST]]


def delivery_page(user: User, filters: Mapping[str, str], number: str) -> Page[Any]:
    """`filters`: state, channel (the id of one)."""
    rows = deliveries_of(user)
    if filters.get("state") in Delivery.State.values:
        rows = rows.filter(state=filters["state"])
    if filters.get("channel"):
        rows = rows.filter(
            channel__in=[c.pk for c in AlertChannel.objects.filter(user=user) if str(c.pk) == filters["channel"]]
        )
    page: Page[Any] = Paginator(rows, PAGE).get_page(number)
    page.object_list = [delivery_row(row) for row in page.object_list]
    return page


def delivery_row(delivery: Delivery) -> DeliveryRow:
    looks = {Delivery.State.SENT: "good", Delivery.State.FAILED: "bad", Delivery.State.PENDING: "info"}
    return DeliveryRow(
        delivery=delivery,
        look=looks.get(Delivery.State(delivery.state), ""),
        state=delivery.get_state_display(),
        why=WHY.get(delivery.reason, ""),
    )


def _row(channel: AlertChannel, test: DeliveryRow | None, now: datetime) -> ChannelRow:
    return ChannelRow(
        channel=channel,
        service=recognised(channel.kind, channel.hint),
        test=test,
        quiet_until=quiet_until(now, begins=channel.quiet_from, ends=channel.quiet_until, zone=channel.time_zone),
    )
