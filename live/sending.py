"""Hand numbered events to the sockets of their users, through the channel layer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from live.numbering import Numbered

log = logging.getLogger(__name__)
EVENTS_PER_MESSAGE = 100
TIMEOUT_SECONDS = 3
PAUSE_SECONDS = 2


class _Pause:
    """After a failure nothing is sent for a moment: a dead server must not cost every commit a time-out."""

    until = 0.0


def group_of(user_id: int) -> str:
    """The channel group of a user. The id comes from the session, token or row, never from the client."""
    return f"user.{user_id}"


def send(events: Sequence[Numbered]) -> None:
    """Push events (sorted by user and number). A failure is logged: the sockets read what they missed from the rows."""
    if time.monotonic() < _Pause.until:
        return
    try:
        async_to_sync(_send)(events)
    except (RedisError, OSError, TimeoutError) as error:
        _Pause.until = time.monotonic() + PAUSE_SECONDS
        log.warning("%d events not pushed, clients will fetch them: %s", len(events), error)


async def _send(events: Sequence[Numbered]) -> None:
    layer = get_channel_layer()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        for user_id, own in groupby(events, attrgetter("user_id")):
            messages = [event.message() for event in own]
            for start in range(0, len(messages), EVENTS_PER_MESSAGE):
                batch = messages[start : start + EVENTS_PER_MESSAGE]
                await layer.group_send(group_of(user_id), {"type": "user.events", "events": batch})
