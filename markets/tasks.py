"""Background work of the markets room."""

from __future__ import annotations

from celery import shared_task

from common import clock
from markets import bars, calendar


@shared_task(name="markets.fill_calendar", queue="jobs")
def fill_calendar() -> None:
    """Keep two years of sessions ahead (weekly)."""
    calendar.fill_calendar(clock.now())


@shared_task(name="markets.prune_minute_bars", queue="jobs")
def prune_minute_bars() -> None:
    """Delete minute bars past their use (daily)."""
    bars.prune_minute_bars(now=clock.now())
