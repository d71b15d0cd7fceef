"""Hand numbered events to the sockets of their users, through the channel layer."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

import redis
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from live.numbering import Numbered

log = logging.getLogger(__name__)
EVENTS_PER_MESSAGE = 100
TIMEOUT_SECONDS = 1
PAUSE_SECONDS = 2


class _Pause:
    """After a failure nothing is sent for a moment: a dead server must not cost every commit a time-out."""

    until = 0.0


def group_of(user_id: int) -> str:
    """The channel group of a user. The id comes from the session, token or row, never from the client."""
    return f"user.{user_id}"


def send(events: Sequence[Numbered]) -> None:
    """Push events (sorted by user and number). A failure is logged: the sockets read what they missed from the rows.

    This is `group_send` of the Redis Pub/Sub layer for many groups in one message to Redis. The layer's own is
    asynchronous, one group at a time, and opens a connection per call when called from a Celery task: 5 ms instead
    of 0.3 ms, after every commit.
    """
    if time.monotonic() < _Pause.until:
        return
    layer = get_channel_layer()
    host, prefix = _address()
    try:
        with _client(host).pipeline(transaction=False) as pipe:
            for user_id, own in groupby(events, attrgetter("user_id")):
                messages = [event.message() for event in own]
                for start in range(0, len(messages), EVENTS_PER_MESSAGE):
                    batch = {"type": "user.events", "events": messages[start : start + EVENTS_PER_MESSAGE]}
                    pipe.publish(f"{prefix}__group__{group_of(user_id)}", layer.serialize(batch))
            pipe.execute()
    except (RedisError, OSError) as error:
        _Pause.until = time.monotonic() + PAUSE_SECONDS
        log.warning("%d events not pushed, clients will fetch them: %s", len(events), error)


def _address() -> tuple[str, str]:
    options: Any = settings.CHANNEL_LAYERS["default"]["CONFIG"]
    return options["hosts"][0], options["prefix"]


@lru_cache
def _client(host: str) -> redis.Redis:
    """One client per process; redis-py opens new connections after a fork."""
    return redis.Redis.from_url(host, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)
