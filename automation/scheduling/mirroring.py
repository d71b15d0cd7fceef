"""Jobs as entries of django-celery-beat, so that beat pokes on time. The jobs are the truth, the entries a mirror.

An entry that is missing, changed or doubled changes nothing about what runs: the sweeper looks every two seconds
anyway, and entries are put right every ten minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks

from automation.scheduling.beat_times import BeatTimes, beat_times
from automation.scheduling.coming import FAR, sessions_of
from automation.scheduling.models import ScheduledJob
from automation.scheduling.reading import timetable_of
from automation.scheduling.timetable import Timetable

TASK = "automation.look_at_jobs"
QUEUE = "jobs"
PREFIX = "job "
EXPIRES = 300  # seconds: an older poke says nothing that the sweeper has not found


def entry_name(job_id: UUID) -> str:
    """What the job's entry is called."""
    return f"{PREFIX}{job_id}"


def mirror(job: ScheduledJob, *, now: datetime) -> None:
    """Make the job's entry what the job says, in the current transaction. Writes only what differs."""
    entry = PeriodicTask.objects.select_related("crontab").filter(name=entry_name(job.pk)).first()
    if _put_right(job, entry, _times([job], now)):
        _forget_unused()


def remove(job_ids: Iterable[UUID]) -> None:
    """Remove the jobs' entries."""
    _delete(PeriodicTask.objects.filter(name__in=[entry_name(job_id) for job_id in job_ids]))


@transaction.atomic
def repair(*, now: datetime) -> int:
    """Put right every entry that is not what its job says. Returns how many were wrong. Few queries if none is."""
    found = PeriodicTask.objects.select_related("crontab").filter(name__startswith=PREFIX)
    entries = {entry.name: entry for entry in found}
    jobs = list(ScheduledJob.objects.order_by("id"))
    times = _times(jobs, now)
    wrong = sum(_put_right(job, entries.pop(entry_name(job.pk), None), times) for job in jobs)
    left_over = [entry.pk for entry in entries.values() if entry.task == TASK]
    _delete(PeriodicTask.objects.filter(pk__in=left_over))
    if wrong:
        _forget_unused()
    return wrong + len(left_over)


def _times(jobs: Iterable[ScheduledJob], now: datetime) -> dict[Timetable, BeatTimes]:
    """When beat pokes for each of the jobs' timetables."""
    timetables = {timetable_of(job) for job in jobs}
    on_clock = next((one for one in timetables if one.on_exchange_clock), None)
    sessions = sessions_of(on_clock, now, now + FAR) if on_clock else []
    return {one: beat_times(one, sessions, after=now) for one in timetables}


def _put_right(job: ScheduledJob, entry: PeriodicTask | None, times: Mapping[Timetable, BeatTimes]) -> bool:
    """Write the job's entry if it is not what the job says. Returns whether it was not."""
    fields = asdict(times[timetable_of(job)])
    wanted = {
        "task": TASK,
        "queue": QUEUE,
        "kwargs": json.dumps({"job": str(job.pk)}),
        "enabled": job.next_look_at is not None,
        "expire_seconds": EXPIRES,
        "description": f"Mirrors the job {job.name!r}, which is the truth: change it there.",
    }
    if entry is not None and entry.crontab is not None:
        same_times = all(str(getattr(entry.crontab, name)) == value for name, value in fields.items())
        if same_times and all(getattr(entry, name) == value for name, value in wanted.items()):
            return False
    entry = entry or PeriodicTask(name=entry_name(job.pk))
    for name, value in wanted.items():
        setattr(entry, name, value)
    entry.crontab = CrontabSchedule.objects.filter(**fields).order_by("pk").first() or CrontabSchedule.objects.create(
        **fields
    )
    entry.save()
    return True


def _delete(entries: QuerySet[PeriodicTask]) -> None:
    gone, _ = entries.delete()
    if gone:
        PeriodicTasks.update_changed()
        _forget_unused()


def _forget_unused() -> None:
    """Crontabs that no entry uses any more."""
    CrontabSchedule.objects.filter(periodictask__isnull=True).delete()
