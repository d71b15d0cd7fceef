"""Periodic work of this room. Each task is safe to run twice."""

from __future__ import annotations

from celery import shared_task

from common.clock import now
from portfolios import curve


@shared_task(name="portfolios.record_equity", queue="jobs")
def record_equity() -> None:
    """Each minute."""
    curve.record_equity(now())


@shared_task(name="portfolios.thin_equity", queue="jobs")
def thin_equity() -> None:
    """Each night."""
    curve.thin_equity(now())
