"""What a person can do with jobs. Each function is one transaction under the locks of the rows it changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from automation.scheduling import mirroring, reading, telling
from automation.scheduling.drafting import JobDraft, merged
from automation.scheduling.looking import QUEUE, RUN_TASK, set_next, take_note
from automation.scheduling.models import OPEN_RUNS, JobRun, JobsStopped, RunCause, RunState, ScheduledJob
from common.enqueue import nudge
from common.errors import Conflict

MOST_JOBS = 100  # per user
TIMES = ("schedule", "timezone", "trading_days_only", "enabled")


@transaction.atomic
def create_job(*, user: User, data: Mapping[str, Any], now: datetime) -> ScheduledJob:
    """Check, store and schedule a new job. Raises InvalidInput naming each field, value and fix; Conflict."""
    _lock(user)
    fields = JobDraft(user=user, raw=data).check()
    if ScheduledJob.objects.filter(user=user).count() >= MOST_JOBS:
        raise Conflict(f"You have {MOST_JOBS} jobs: delete one before making another.")
    job = ScheduledJob(user=user, created_at=now, updated_at=now, **fields)
    set_next(job, scheduled=job.enabled and reading.stopped(user.pk) is None, now=now)
    job.save(force_insert=True)
    mirroring.mirror(job, now=now)
    telling.tell_job(job, "created", now)
    return job


@transaction.atomic
def update_job(*, user: User, job_id: UUID, changes: Mapping[str, Any], now: datetime) -> ScheduledJob:
    """Edit a job. Only a change of its times makes it wait afresh; a time that has come is taken note of first.

    Raises InvalidInput, NotFound.
    """
    _lock(user)
    job = _locked(user, job_id)
    before = [getattr(job, name) for name in TIMES]
    for name, value in JobDraft(user=user, raw=merged(job, changes), editing=job).check().items():
        setattr(job, name, value)
    if [getattr(job, name) for name in TIMES] != before:
        was_due = ScheduledJob.objects.get(pk=job.pk)
        if was_due.next_look_at is not None and was_due.next_look_at <= now:
            take_note(was_due, now=now)
        set_next(job, scheduled=job.enabled and reading.stopped(user.pk) is None, now=now)
        if not job.enabled:
            _skip_waiting([job.pk], "Skipped: the job was disabled.", now)
    job.updated_at, job.version = now, job.version + 1
    job.save()
    mirroring.mirror(job, now=now)
    telling.tell_job(job, "updated", now)
    return job


@transaction.atomic
def delete_job(*, user: User, job_id: UUID, now: datetime) -> None:
    """Delete a job with its history. Raises NotFound, or Conflict while it runs."""
    job = _locked(user, job_id)
    if JobRun.objects.filter(job=job, state=RunState.RUNNING).exists():
        raise Conflict(f"The job {job.name} is running: wait for it to end, then delete it.")
    mirroring.remove([job.pk])
    telling.tell_job(job, "deleted", now)
    job.delete()


@transaction.atomic
def run_now(*, user: User, job_id: UUID, now: datetime) -> JobRun:
    """Run a job without waiting for its time; a disabled one too.

    Raises NotFound; Conflict while all jobs are stopped, or a run of it is under way.
    """
    job = _locked(user, job_id)
    if reading.stopped(user.pk) is not None:
        raise Conflict("All your jobs are stopped: start them first (POST scheduler/start/).")
    under_way = JobRun.objects.filter(job=job, state__in=OPEN_RUNS).order_by("due_at").first()
    if under_way is not None:
        words = "is running" if under_way.state == RunState.RUNNING else "waits for a worker"
        raise Conflict(f"The run of {under_way.due_at:%Y-%m-%d %H:%M:%S} UTC {words}: wait for it to end.")
    run = JobRun.objects.create(job=job, due_at=now, created_at=now, cause=RunCause.MANUAL)
    telling.tell_run(run, "due", now)
    nudge(RUN_TASK, queue=QUEUE, run_id=str(run.pk))
    return run


@transaction.atomic
def stop_all(*, user: User, now: datetime, actor: str) -> JobsStopped:
    """Stop all jobs of the user: none becomes due until they are started. What runs already ends by itself.

    Doing it again changes nothing.
    """
    _lock(user)
    stopped, fresh = JobsStopped.objects.get_or_create(user=user, defaults={"at": now, "actor": actor[:80]})
    if fresh:
        jobs = list(ScheduledJob.objects.select_for_update().filter(user=user).order_by("id"))
        _skip_waiting([job.pk for job in jobs], "Skipped: all jobs were stopped.", now)
        _schedule(jobs, scheduled=False, now=now)
        telling.tell_all(user.pk, "stopped", now)
    return stopped


@transaction.atomic
def start_all(*, user: User, now: datetime) -> int:
    """Let the user's enabled jobs wait for their next times; what passed meanwhile is nobody's. Returns how many."""
    _lock(user)
    gone, _ = JobsStopped.objects.filter(user=user).delete()
    jobs = list(ScheduledJob.objects.select_for_update().filter(user=user, enabled=True).order_by("id"))
    if gone:
        _schedule(jobs, scheduled=True, now=now)
        telling.tell_all(user.pk, "started", now)
    return len(jobs)


def _schedule(jobs: Iterable[ScheduledJob], *, scheduled: bool, now: datetime) -> None:
    for job in jobs:
        set_next(job, scheduled=scheduled, now=now)
        job.save(update_fields=["next_look_at", "next_due_at"])
        mirroring.mirror(job, now=now)


def _skip_waiting(job_ids: list[UUID], note: str, now: datetime) -> None:
    """Runs that no worker has begun are not to be done any more."""
    waiting = JobRun.objects.select_for_update(of=("self",)).filter(job__in=job_ids, state=RunState.PENDING)
    for run in waiting.select_related("job"):
        run.state, run.note, run.finished_at, run.reported_at = RunState.SKIPPED, note, now, now
        run.save(update_fields=["state", "note", "finished_at", "reported_at"])
        telling.tell_run(run, run.state, now)


def _lock(user: User) -> None:
    """So that a new job and a stop of all jobs know of each other."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def _locked(user: User, job_id: UUID) -> ScheduledJob:
    """The job under its lock. Raises NotFound, for anybody else's too."""
    reading.job_of(user, job_id)
    return ScheduledJob.objects.select_for_update(of=("self",)).select_related("user").get(pk=job_id)
