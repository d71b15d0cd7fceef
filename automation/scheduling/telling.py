"""Announce to open pages what becomes of jobs and their runs."""

from __future__ import annotations

from datetime import datetime

from automation.scheduling.models import JobRun, ScheduledJob
from live.push import announce

TOPIC = "jobs"


def tell_job(job: ScheduledJob, kind: str, now: datetime) -> None:
    """Created, updated, deleted."""
    payload = {"job": job.pk, "name": job.name, "enabled": job.enabled, "next_due_at": job.next_due_at}
    announce(user_id=job.user_id, topic=TOPIC, kind=kind, payload=payload, now=now)


def tell_run(run: JobRun, kind: str, now: datetime) -> None:
    """Due, running, retried, and how it ended."""
    payload = {
        "job": run.job_id,
        "run": run.pk,
        "name": run.job.name,
        "due_at": run.due_at,
        "state": run.state,
        "summary": run.summary or run.note,
    }
    announce(user_id=run.job.user_id, topic=TOPIC, kind=f"run_{kind}", payload=payload, now=now, trace_id=run.trace_id)


def tell_all(user_id: int, kind: str, now: datetime) -> None:
    """All of a user's jobs were stopped or started."""
    announce(user_id=user_id, topic=TOPIC, kind=kind, payload={"at": now}, now=now)
