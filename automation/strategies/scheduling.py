"""When a strategy runs: at each closed bar, or at the times of a cron expression."""

from __future__ import annotations

from datetime import datetime

from automation.strategies.bar_clock import ClosedBar, next_close
from automation.strategies.models import Strategy
from automation.triggers.cron import CRON


def next_time(cron: str, timezone: str, *, after: datetime) -> datetime | None:
    """The first time of the expression after `after`; None without an expression."""
    if not cron:
        return None
    params = CRON.parse({"expression": cron, "timezone": timezone})
    return CRON.plan(params, "").next_due(after, [])


def next_run(strategy: Strategy, *, now: datetime) -> datetime | None:
    """When it runs next: at its time, or when its next bar closes. None while it is switched off."""
    if not strategy.enabled:
        return None
    return strategy.next_run_at if strategy.cron else next_close(strategy.exchange_id, strategy.timeframe, now)


def move_on(strategy: Strategy, bar: ClosedBar, *, now: datetime) -> None:
    """Note that the bar has been judged, and set the next time."""
    strategy.last_bar_at, strategy.last_run_at = bar.at, now
    strategy.next_run_at = next_time(strategy.cron, strategy.timezone, after=now)
    strategy.save(update_fields=["last_bar_at", "last_run_at", "next_run_at", "status", "status_reason"])
