"""Scheduled jobs by real processes, with two beats: over both changes of New York's clocks in 2026, after 45 minutes
down, and through the death of a worker in the middle of a run."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from django_celery_beat.models import PeriodicTask

from alerts.models import Alert
from automation.scheduling.keeping import create_job, run_now, stop_all
from automation.scheduling.mirroring import entry_name
from automation.scheduling.models import JobRun, ScheduledJob
from common.clock import now
from common.models import Heartbeat
from tests.journeys.market import open_exchange
from tests.journeys.moved_clock import living_at
from tests.journeys.people import Person
from tests.journeys.stack import Stack
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey
SERVICES = ("worker-jobs", "sweep", "beat")
BEFORE = timedelta(seconds=15)  # the processes take a while to start
SPRING, AUTUMN = datetime(2026, 3, 8, 13, 30, tzinfo=UTC), datetime(2026, 11, 1, 14, 30, tzinfo=UTC)
DOWN = timedelta(minutes=45)
ENDED = ("succeeded", "failed", "skipped", "missed")


def job_of(person: Person, **changes: object) -> ScheduledJob:
    data = {"job_type": "portfolio_check", "schedule": "30 9 * * *", "timezone": "America/New_York", **changes}
    return create_job(user=person.user, data=data, now=now())


def ended(job: ScheduledJob) -> list[tuple[datetime, str, str, int]]:
    rows = JobRun.objects.filter(job=job, state__in=ENDED).order_by("due_at")
    return list(rows.values_list("due_at", "state", "cause", "attempts"))


def until_ended(job: ScheduledJob, times: int) -> None:
    eventually(lambda: len(ended(job)) >= times, f"{job.name} had {times} runs")


def pokes(stack: Stack, job: ScheduledJob) -> list[int]:
    """How often each beat of the present says it poked for the job."""
    name = entry_name(job.pk)
    beats = [service for key, service in stack.running.items() if key.endswith("beat")]
    return [service.log.read_text(errors="replace").count(name) for service in beats]
