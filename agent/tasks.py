"""Doors for Celery: read the clock, call one function."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from agent import running
from common.clock import now

LONGEST = 700  # seconds: a run ends by itself before (max_seconds is at most 600)


@shared_task(name="agent.run", queue="agent", soft_time_limit=LONGEST, time_limit=LONGEST + 30)
def run(run_id: str) -> None:
    """Do one run to its end."""
    running.execute(UUID(run_id), clock=now)
