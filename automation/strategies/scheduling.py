"""When a strategy runs: at each closed bar, or at the times of a cron expression."""

from __future__ import annotations

from datetime import datetime

from automation.strategies.bar_clock import ClosedBar
from automation.strategies.models import Strategy
from automation.triggers.cron import CRON


def next_time(cron: str, timezone: str, *, after: datetime) -> datetime | None:
    """The first time of the expression after `after`; None without an expression."""
    if not cron:
        return None
    params = CRON.parse({"expression": cron, "timezone": timezone})
    return CRON.plan(params, "").next_due(after, [])


def move_on(strategy: Strategy, bar: ClosedBar, *, now: datetime) -> None:
    """Note that the bar has been judged, and set the next time."""
    strategy.last_bar_at, strategy.last_run_at = bar.at, now
    strategy.next_run_at = next_time(strategy.cron, strategy.timezone, after=now)
    strategy.save(update_fields=["last_bar_at", "last_run_at", "next_run_at", "status", "status_reason"])
