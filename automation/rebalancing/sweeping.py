"""What the sweeper does for rebalances: schedules, and runs that a lost nudge or a dead worker left behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from automation.rebalancing import scheduling, stepping

# Younger than this, a nudge is probably still on its way to a worker.
PATIENCE = timedelta(seconds=1)


def sweep(now: datetime) -> None:
    """One pass. Each step is safe beside the workers: it claims what it touches. Works without Redis."""
    scheduling.run_due(now=now)
    stepping.advance(now=now, due_by=now - PATIENCE)
