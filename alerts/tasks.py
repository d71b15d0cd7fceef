"""Doors for Celery: read the clock, call one function."""

from __future__ import annotations

import time

from celery import shared_task

from alerts.channels.delivering import deliver_one
from alerts.channels.queueing import TASK
from common.clock import now
from common.enqueue import nudge

A_TURN = 25.0  # seconds: a send may take some more, and the task may take 45


@shared_task(name=TASK, queue="default")
def deliver() -> None:
    """Send what is due; what is left after a turn is the next task's."""
    until = time.monotonic() + A_TURN
    while deliver_one(now=now()):
        if time.monotonic() > until:
            nudge(TASK, queue="default")
            return
