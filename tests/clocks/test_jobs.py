"""Scheduled jobs by real processes, with two beats: over both changes of New York's clocks in 2026, after 45 minutes
down, and through the death of a worker in the middle of a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from alerts.models import Alert
from automation.scheduling.keeping import create_job, run_now, stop_all
from automation.scheduling.mirroring import entry_name
from automation.scheduling.models import JobRun, ScheduledJob
from common.clock import now
from tests.clocks.test_cron import past
from tests.journeys.market import Listing, open_exchange
from tests.journeys.moved_clock import living_at
from tests.journeys.people import Person
from tests.journeys.stack import Stack, database_url
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey
SERVICES = ("worker-jobs", "sweep", "beat", "another beat")
# The processes take a while to start; should a busy machine need longer, a minute late is still in time.
BEFORE = timedelta(seconds=30)
SPRING, AUTUMN = datetime(2026, 3, 8, 13, 30, tzinfo=UTC), datetime(2026, 11, 1, 14, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def beats_say_what_they_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BEAT_LOGLEVEL", "INFO")


def job_of(person: Person, **changes: object) -> ScheduledJob:
    data = {"job_type": "portfolio_check", "schedule": "30 9 * * *", "timezone": "America/New_York", **changes}
    return create_job(user=person.user, data=data, now=now())


def runs(job: ScheduledJob) -> list[tuple[datetime, str, str, int]]:
    return list(JobRun.objects.filter(job=job).order_by("due_at").values_list("due_at", "state", "cause", "attempts"))


def until_done(*jobs: ScheduledJob) -> None:
    open_runs = JobRun.objects.filter(job__in=jobs, state__in=["pending", "running"])
    eventually(
        lambda: not open_runs.exists() and all(runs(job) for job in jobs), f"{[job.name for job in jobs]} were done"
    )


def beats_that_poked(stack: Stack, job: ScheduledJob) -> int:
    """How many of the beats say that they poked when the job was due."""
    name = entry_name(job.pk)
    beats = [service for key, service in stack.running.items() if key.endswith("beat")]
    return sum(name in service.log.read_text(errors="replace") for service in beats)


def test_in_spring_with_two_beats_and_after_45_minutes_down(stack: Stack):
    with living_at(SPRING - timedelta(hours=3), stack):
        open_exchange()
        ann, bob = Person("ann"), Person("bob")
        due, stopped = job_of(ann), job_of(bob)
        stop_all(user=bob.user, now=now(), actor="bob")
    with living_at(SPRING - BEFORE, stack, *SERVICES):
        eventually(lambda: beats_that_poked(stack, due) == 2, "both beats poked")
        until_done(due)
        past(SPRING)
        assert runs(due) == [(SPRING, "succeeded", "schedule", 1)]
        assert runs(stopped) == []
        later = {"schedule": "33 9 * * *"}
        skips = job_of(ann, name="skips", misfire_policy="skip", **later)
        late = job_of(ann, name="late", run_late_minutes=60, **later)
        too_late = job_of(ann, name="too late", run_late_minutes=30, **later)
        often = job_of(ann, name="often", schedule="*/10 * * * *", misfire_policy="run_once_latest")
    missed = SPRING + timedelta(minutes=3)
    with living_at(missed + timedelta(minutes=42), stack, *SERVICES):
        until_done(skips, late, too_late, often)
        told = Alert.objects.filter(user=ann.user, dedupe_key__startswith="missed_jobs:")
        eventually(told.exists, "the outage was reported")
        assert runs(skips) == [(missed, "missed", "schedule", 0)]
        assert runs(too_late) == [(missed, "missed", "schedule", 0)]
        assert runs(late) == [(missed, "succeeded", "catch_up", 1)]
        passed, latest = runs(often)[:3], runs(often)[3]
        assert [state for _, state, _, _ in passed] == ["missed"] * 3  # 09:40, 09:50, 10:00
        assert latest == (SPRING + timedelta(minutes=40), "succeeded", "catch_up", 1)
        assert len(runs(due)) == 1
        report = told.get()
        assert report.title.startswith("Puffling was down for 4")
        assert len(report.body.splitlines()) == 7
        assert runs(stopped) == []


def test_in_autumn_with_two_beats_and_a_worker_killed_in_the_middle_of_a_run(stack: Stack):
    with living_at(AUTUMN - timedelta(hours=3), stack):
        open_exchange()
        ann = Person("ann")
        due = job_of(ann)
    with living_at(AUTUMN - BEFORE, stack, *SERVICES) as environment:
        eventually(lambda: beats_that_poked(stack, due) == 2, "both beats poked")
        until_done(due)
        past(AUTUMN)
        assert runs(due) == [(AUTUMN, "succeeded", "schedule", 1)]
        listing = Listing()
        ann.owns(listing)  # from now on not all is cash
        finds = job_of(ann, name="finds", schedule="0 12 * * *", config={"cash_below_percent": "100"})
        with psycopg.connect(database_url()) as held:
            held.execute("LOCK TABLE portfolios_lotdisposal IN ACCESS EXCLUSIVE MODE")  # the audit reads it
            run = run_now(user=ann.user, job_id=finds.pk, now=now())
            running = JobRun.objects.filter(pk=run.pk, state="running")
            eventually(running.exists, "the run began")
            stack.kill("worker-jobs")
            held.rollback()
        running.update(lease_until=now())  # nobody waits 90 s here
        stack.start("worker-jobs", **environment)
        until_done(finds)
        assert [(state, cause, attempts) for _, state, cause, attempts in runs(finds)] == [("succeeded", "manual", 2)]
        run.refresh_from_db()
        assert "is gone: begun again" in run.log[0]["line"]
        assert Alert.objects.filter(user=ann.user, data__finding="cash").count() == 1
