"""Jobs as entries of django-celery-beat, so that beat pokes on time. The jobs are the truth, the entries a mirror.

An entry that is missing, changed or doubled changes nothing about what runs: the sweeper looks every two seconds
anyway, and puts entries right now and then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks

from automation.scheduling.beat_times import beat_times
from automation.scheduling.coming import FAR, sessions_of
from automation.scheduling.models import ScheduledJob
from automation.scheduling.reading import timetable_of

TASK = "automation.look_at_jobs"
QUEUE = "jobs"
PREFIX = "job "
EXPIRES = 300  # seconds: an older poke says nothing that the sweeper has not found


def entry_name(job_id: UUID) -> str:
    """What the job's entry is called."""
    return f"{PREFIX}{job_id}"


def mirror(job: ScheduledJob, *, now: datetime) -> PeriodicTask:
    """Make the job's entry what the job says, in the current transaction. Writes only what differs."""
    wanted = _wanted(job, now)
    entry = PeriodicTask.objects.filter(name=entry_name(job.pk)).first() or PeriodicTask(name=entry_name(job.pk))
    if entry.pk is None or any(getattr(entry, field) != value for field, value in wanted.items()):
        for field, value in wanted.items():
            setattr(entry, field, value)
        entry.save()
        _forget_unused()
    return entry


def remove(job_ids: Iterable[UUID]) -> None:
    """Remove the jobs' entries."""
    gone, _ = PeriodicTask.objects.filter(name__in=[entry_name(job_id) for job_id in job_ids]).delete()
    if gone:
        PeriodicTasks.update_changed()
        _forget_unused()


@transaction.atomic
def repair(*, now: datetime) -> int:
    """Put right every entry that is not what its job says. Returns how many were wrong."""
    entries = dict(PeriodicTask.objects.filter(name__startswith=PREFIX, task=TASK).values_list("name", "date_changed"))
    jobs = list(ScheduledJob.objects.order_by("id"))
    wrong = 0
    for job in jobs:
        before = entries.pop(entry_name(job.pk), None)
        wrong += mirror(job, now=now).date_changed != before
    left_over = PeriodicTask.objects.filter(name__in=entries)
    if entries:
        left_over.delete()
        PeriodicTasks.update_changed()
    return wrong + len(entries)


def _wanted(job: ScheduledJob, now: datetime) -> dict[str, Any]:
    timetable = timetable_of(job)
    sessions = sessions_of(timetable, now, now + FAR) if timetable.on_exchange_clock else []
    return {
        "task": TASK,
        "queue": QUEUE,
        "kwargs": json.dumps({"job": str(job.pk)}),
        "crontab": _crontab(asdict(beat_times(timetable, sessions, after=now))),
        "enabled": job.next_look_at is not None,
        "expire_seconds": EXPIRES,
        "description": f"Mirrors the job {job.name!r}, which is the truth: change it there.",
    }


def _crontab(fields: dict[str, str]) -> CrontabSchedule:
    return CrontabSchedule.objects.filter(**fields).order_by("pk").first() or CrontabSchedule.objects.create(**fields)


def _forget_unused() -> None:
    """Crontabs that no entry uses any more."""
    CrontabSchedule.objects.filter(periodictask__isnull=True).delete()
