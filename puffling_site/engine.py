"""How far behind the engine is."""

from __future__ import annotations

from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db.models import Min
from redis.exceptions import RedisError

from markets.models import Quote

QUEUES = ("ticks", "trading", "jobs", "agent", "default")
REDIS_SECONDS = 1


def redis_client() -> redis.Redis:
    """A client of the Celery database that gives up after a second."""
    return redis.Redis.from_url(
        settings.CONFIG.redis(0), socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
    )


def oldest_waiting_price(now: datetime) -> timedelta:
    """How long the oldest unevaluated price has waited."""
    since = Quote.objects.filter(dirty=True).aggregate(since=Min("range_since"))["since"]
    return max(now - since, timedelta(0)) if since else timedelta(0)


def queue_depths() -> dict[str, int | None]:
    """Messages waiting in each Celery queue; None while Redis does not answer."""
    try:
        with redis_client().pipeline(transaction=False) as pipe:
            for queue in QUEUES:
                pipe.llen(queue)
            return dict(zip(QUEUES, pipe.execute(), strict=True))
    except (RedisError, OSError):
        return dict.fromkeys(QUEUES)
