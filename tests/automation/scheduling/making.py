"""Jobs for tests: a desk's jobs, looking and running at made-up times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from automation.jobs.base import JobContext, JobOutcome
from automation.jobs.registry import JOB_TYPES
from automation.scheduling import looking, running
from automation.scheduling.keeping import create_job
from automation.scheduling.models import JobRun, ScheduledJob
from markets import calendar
from markets.models import MarketSession
from tests.orders.making import NOW, Desk

S, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
DUE = NOW + 5 * MINUTE  # NOW is Friday 2026-11-20, 10:00 in New York


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def job(desk: Desk, *, now: datetime = NOW, **changes: Any) -> ScheduledJob:
    """A job of `desk`: an alert check at 10:05 in New York every day."""
    data = {"job_type": "alert_check", "schedule": "5 10 * * *", **changes}
    return create_job(user=desk.user, data=data, now=now)


def look(at: datetime) -> int:
    return looking.look(now=at)


def run_all(at: datetime) -> int:
    """What workers would do at that moment."""
    waiting = list(
        JobRun.objects.filter(state__in=["pending", "running"]).order_by("due_at").values_list("pk", flat=True)
    )
    return sum(running.carry_out(pk, now=at, clock=lambda: at) for pk in waiting)


def runs(of: ScheduledJob) -> list[JobRun]:
    return list(JobRun.objects.filter(job=of).order_by("due_at", "created_at"))


def told(of: ScheduledJob) -> list[tuple[datetime, str, str]]:
    return [(run.due_at, run.state, run.cause) for run in runs(of)]


def new_york_calendar(start: date, end: date) -> None:
    """The exchange's real sessions."""
    calendar.ensure_exchanges()
    MarketSession.objects.bulk_create(calendar.new_york_sessions(start, end), ignore_conflicts=True)
    calendar.forget()


class Puppet:
    """A job type that does what a test says: raises each of `troubles` in turn, then succeeds."""

    type = "puppet"
    words = "Does what a test says."

    def __init__(self, troubles: Iterable[Exception] = ()) -> None:
        self.troubles = list(troubles)
        self.contexts: list[JobContext] = []

    def parse(self, raw: Any) -> dict[str, Any]:
        return dict(raw)

    def run(self, context: JobContext) -> JobOutcome:
        self.contexts.append(context)
        context.log("begun")
        if self.troubles:
            raise self.troubles.pop(0)
        return JobOutcome(summary="Done.", result={"n": len(self.contexts)})

    example: dict[str, Any] = {}


def with_puppet(monkeypatch: Any, *troubles: Exception) -> Puppet:
    puppet = Puppet(troubles)
    monkeypatch.setitem(JOB_TYPES, "puppet", puppet)
    return puppet
