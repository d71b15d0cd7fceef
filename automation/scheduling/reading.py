"""Finding a user's jobs and runs, and what a stored job means."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from automation.scheduling.models import JobRun, JobsStopped, ScheduledJob
from automation.scheduling.timetable import Timetable
from common.errors import NotFound


def timetable_of(job: ScheduledJob) -> Timetable:
    """When the job is due."""
    return Timetable(schedule=job.schedule, timezone=job.timezone, trading_days_only=job.trading_days_only)


def jobs_of(user: User) -> QuerySet[ScheduledJob]:
    """The user's jobs, newest first."""
    return ScheduledJob.objects.filter(user=user).order_by("-created_at", "-id")


def job_of(user: User, job_id: UUID) -> ScheduledJob:
    """One job. Raises NotFound, for anybody else's too."""
    job = jobs_of(user).filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def run_of(user: User, job_id: UUID, run_id: UUID) -> JobRun:
    """One run of a job. Raises NotFound, for anybody else's too."""
    run = JobRun.objects.select_related("job").filter(job__user=user, job_id=job_id, pk=run_id).first()
    if run is None:
        raise NotFound(f"There is no run {run_id} of the job {job_id}.")
    return run


def stopped(user_id: int) -> JobsStopped | None:
    """Since when, and by whom, all jobs of the user are stopped; None while they go on."""
    return JobsStopped.objects.filter(user_id=user_id).first()
