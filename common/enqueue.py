"""Nudges: send a Celery task by name, after commit. The row is the truth, so a lost nudge is only a delay."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
_broker_away = False  # so that an outage is logged twice, at its beginning and its end, not with every tick


def nudge(task: str, *, queue: str, **kwargs: Any) -> None:
    """Publish `task` once the surrounding transaction commits. The sweeper does the work if the broker is down."""
    transaction.on_commit(lambda: _publish(task, queue, kwargs), robust=True)


def _publish(task: str, queue: str, kwargs: dict[str, Any]) -> None:
    global _broker_away
    try:
        current_app.send_task(task, kwargs=kwargs, queue=queue)
    except (OperationalError, RedisError, OSError) as error:
        if not _broker_away:
            log.warning("nudges are not sent, the sweeper does the work until they are (first: %s): %s", task, error)
        _broker_away = True
    else:
        if _broker_away:
            log.warning("nudges are sent again")
        _broker_away = False
