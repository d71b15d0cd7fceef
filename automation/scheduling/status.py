"""How the scheduler does, and what it does for one user."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min

from accounts.models import User
from automation.scheduling import reading
from automation.scheduling.models import OPEN_RUNS, JobRun, RunState, ScheduledJob
from common.heartbeats import last_beat

BEAT, WORKER, SWEEPER = "beat", "queue:jobs", "sweeper"
LISTED = 20
SILENCE = timedelta(seconds=90)  # beat pokes every ten seconds


def status_of(user: User, *, now: datetime) -> dict[str, Any]:
    """Next runs, what runs, how each job ended last, and whether beat, worker and sweeper are alive."""
    jobs = ScheduledJob.objects.filter(user=user)
    runs = JobRun.objects.filter(job__user=user).select_related("job").defer("log", "result")
    stopped = reading.stopped(user.pk)
    ended = runs.exclude(state__in=OPEN_RUNS).order_by("job_id", "-due_at").distinct("job_id")
    return {
        "stopped": stopped is not None,
        "stopped_at": stopped and stopped.at,
        "stopped_by": stopped.actor if stopped else "",
        "jobs": jobs.count(),
        "enabled": jobs.filter(enabled=True).count(),
        "next": list(jobs.filter(next_due_at__isnull=False).order_by("next_due_at", "id")[:LISTED]),
        "running": list(runs.filter(state=RunState.RUNNING).order_by("due_at")[:LISTED]),
        "waiting": list(runs.filter(state=RunState.PENDING).order_by("due_at")[:LISTED]),
        "last": sorted(ended, key=lambda run: run.due_at, reverse=True)[:LISTED],
        "beat": _alive(BEAT, now),
        "worker": _alive(WORKER, now),
        "sweeper": _alive(SWEEPER, now),
        "lag_seconds": lag(now).total_seconds(),
        "at": now,
    }


def lag(now: datetime) -> timedelta:
    """How long the oldest time that has come waits to be looked at, or its run for a worker; zero is none."""
    looked = ScheduledJob.objects.filter(next_look_at__lte=now).aggregate(at=Min("next_look_at"))["at"]
    waiting = JobRun.objects.filter(state=RunState.PENDING, retry_at=None).aggregate(at=Min("due_at"))["at"]
    return max((now - at for at in (looked, waiting) if at is not None and at < now), default=timedelta(0))


def _alive(process: str, now: datetime) -> dict[str, Any]:
    at = last_beat(process)
    age = None if at is None else now - at
    return {
        "last_heartbeat": at,
        "age_seconds": None if age is None else age.total_seconds(),
        "alive": age is not None and age <= SILENCE,
    }
