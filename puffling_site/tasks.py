"""Tasks of the site itself: the pulse of each queue, and tidying up."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.core.management import call_command

from accounts.idempotency import KEPT_FOR, forget_keys
from accounts.single_use import forget_spent
from common.clock import now
from common.heartbeats import beat
from live.catching_up import forget_events
from live.sources import forget_shown

EVENTS_KEPT = timedelta(days=30)


@shared_task(name="site.pulse")
def pulse(queue: str) -> None:
    """Runs on `queue` every few seconds: its heartbeat shows that beat, the queue and a worker are all alive."""
    beat(f"queue:{queue}", now=now())


@shared_task(name="site.tidy")
def tidy() -> None:
    """Delete what nobody can use any more: old events, keys, links, tickets, sessions and refresh tokens."""
    at = now()
    forget_events(at - EVENTS_KEPT)
    forget_keys(before=at - KEPT_FOR)
    forget_spent(before=at - timedelta(days=1))
    forget_shown(at)
    call_command("clearsessions")
    call_command("flushexpiredtokens")
