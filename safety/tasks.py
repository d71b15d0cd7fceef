"""Periodic work of this room. Safe to run twice."""

from __future__ import annotations

from celery import shared_task

from common.clock import now
from safety import tripping


@shared_task(name="safety.trip_breakers", queue="jobs")
def trip_breakers() -> None:
    """Each minute, after the equity was recorded."""
    tripping.trip_breakers(now())
