"""Run what is due: claim under a lease, do it, record how it ended. Safe to call twice, and after a kill -9.

The row is the truth: a task may be lost, doubled or late. A run whose worker is gone is begun again when its lease is
over; whoever finds that his lease has passed to another records nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from alerts.models import Alert
from alerts.raising import raise_alert
from automation import overdue
from automation.jobs.base import JobContext, JobFailed, JobOutcome
from automation.jobs.registry import JOB_TYPES
from automation.scheduling import telling
from automation.scheduling.looking import QUEUE, RUN_TASK
from automation.scheduling.models import JobRun, MisfirePolicy, RunCause, RunState, ScheduledJob
from common.clock import now as clock_now
from common.enqueue import nudge
from common.errors import PufflingError
from portfolios.models import Portfolio

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
LEASE = timedelta(seconds=90)  # longer than a task may take: it only runs out when the worker is gone
MOST_ATTEMPTS = 3
BACK_OFF = timedelta(seconds=30)  # before the second attempt; four times as long before each further one
LOG_LINES, LINE_LENGTH = 200, 300
PATIENCE = timedelta(seconds=5)  # younger than this, a nudge is probably still on its way
# A queue may be busy: a run that was found in time is judged by its policy only when no worker came for so long.
QUEUE_PATIENCE = timedelta(minutes=15)
NUDGED = 100


def carry_out(run_id: UUID, *, now: datetime, clock: Clock = clock_now) -> bool:
    """Do one run. Returns whether it was ours to do. What is no PufflingError is recorded, and raised again."""
    run = claim(run_id, now=now)
    if run is None:
        return False
    try:
        outcome = JOB_TYPES[run.job.job_type].run(_context(run, now, clock))
    except PufflingError as error:
        permanent = isinstance(error, JobFailed) and error.permanent
        _fail(run, error.detail, permanent=permanent, now=clock())
    except Exception as error:
        log.error("job %s (%s) failed in run %s", run.job.name, run.job.job_type, run.pk)
        _fail(run, f"{type(error).__name__}: {error}", permanent=False, now=clock())
        raise
    else:
        _succeed(run, outcome, now=clock())
    return True


def nudge_left_behind(now: datetime) -> int:
    """Wake a worker for runs that none has taken, that are to be tried again, or whose worker is gone."""
    left = JobRun.objects.filter(
        Q(state=RunState.PENDING, retry_at__isnull=True, created_at__lt=now - PATIENCE)
        | Q(state=RunState.PENDING, retry_at__lte=now)
        | Q(state=RunState.RUNNING, lease_until__lte=now)
    ).order_by("due_at")
    found = list(left.values_list("pk", flat=True)[:NUDGED])
    for run_id in found:
        nudge(RUN_TASK, queue=QUEUE, run_id=str(run_id))
    return len(found)


@transaction.atomic
def claim(run_id: UUID, *, now: datetime) -> JobRun | None:
    """Take a run that waits, or that its worker left behind; None when it is not to be done now, or by us."""
    job = ScheduledJob.objects.select_for_update(of=("self",)).filter(runs=run_id).first()
    run = JobRun.objects.select_for_update(of=("self",)).select_related("job__user").filter(pk=run_id).first()
    if job is None or run is None:
        return None
    if run.state == RunState.RUNNING and run.lease_until is not None and run.lease_until <= now:
        if run.attempts >= MOST_ATTEMPTS:
            _end(run, RunState.FAILED, f"Its worker died {run.attempts} times.", now)
            return None
        _write(run, "The worker that had this run is gone: begun again.", now)
    elif run.state != RunState.PENDING or (run.retry_at is not None and run.retry_at > now):
        return None
    elif JobRun.objects.filter(job=job, state=RunState.RUNNING).exists():
        return None  # one at a time: the sweeper comes back to it
    elif _too_late(run, job, now):
        return None
    run.state, run.attempts, run.retry_at = RunState.RUNNING, run.attempts + 1, None
    run.started_at, run.lease_until = now, now + LEASE
    run.save()
    telling.tell_run(run, "running", now)
    return run


def _too_late(run: JobRun, job: ScheduledJob, now: datetime) -> bool:
    """Whether a run that no worker took in time must not be done any more; it is recorded as missed then."""
    late = now - run.due_at
    if run.attempts or run.cause == RunCause.MANUAL or late <= QUEUE_PATIENCE:
        return False
    words = overdue.in_words(late)
    allowed = max(QUEUE_PATIENCE, timedelta(minutes=job.run_late_minutes or 0))
    if job.misfire_policy != MisfirePolicy.RUN_ONCE_LATEST and late > allowed:
        run.state, run.finished_at = RunState.MISSED, now
        run.note = f"Missed: no worker took it for {words}."
        run.save(update_fields=["state", "finished_at", "note"])
        telling.tell_run(run, run.state, now)
        return True
    run.cause, run.note = RunCause.CATCH_UP, run.note or f"Run {words} late."
    return False


def _context(run: JobRun, now: datetime, clock: Clock) -> JobContext:
    job = run.job
    portfolio = job.portfolio or Portfolio.objects.filter(user=job.user_id, primary=True).first()
    if portfolio is None:
        raise JobFailed("You have no primary portfolio: give the job one.", permanent=True)
    earlier = JobRun.objects.filter(job=job, state=RunState.SUCCEEDED, due_at__lt=run.due_at).order_by("-due_at")
    return JobContext(
        user=job.user,
        portfolio=portfolio,
        config=job.config,
        now=now,
        due_at=run.due_at,
        job_id=job.pk,
        run_id=run.pk,
        trace_id=run.trace_id,
        log=lambda line: _log(run, line, clock()),
        previous=earlier.values_list("result", flat=True).first() or {},
    )


def _write(run: JobRun, line: str, now: datetime) -> None:
    entry = {"at": now.isoformat(), "line": line[:LINE_LENGTH]}
    run.log = [*run.log, entry][-LOG_LINES:]


def _log(run: JobRun, line: str, now: datetime) -> None:
    """Add a line where people can read it while the run goes on, and extend the lease."""
    _write(run, line, now)
    until = now + LEASE
    if _mine(run).update(log=run.log, lease_until=until):
        run.lease_until = until


def _mine(run: JobRun) -> QuerySet[JobRun]:
    return JobRun.objects.filter(pk=run.pk, state=RunState.RUNNING, lease_until=run.lease_until)


@transaction.atomic
def _succeed(run: JobRun, outcome: JobOutcome, *, now: datetime) -> None:
    if not _held(run):
        return
    run.summary, run.result, run.error = outcome.summary[:300], dict(outcome.result), ""
    _end(run, RunState.SUCCEEDED, "", now)


@transaction.atomic
def _fail(run: JobRun, error: str, *, permanent: bool, now: datetime) -> None:
    """Try again later, or give up and tell the owner."""
    if not _held(run):
        return
    _write(run, f"Attempt {run.attempts} failed: {error}", now)
    next_waits = JobRun.objects.filter(job=run.job_id, state=RunState.PENDING).exists()
    if permanent or next_waits or run.attempts >= MOST_ATTEMPTS:
        _end(run, RunState.FAILED, error, now)
        return
    run.state, run.lease_until, run.error = RunState.PENDING, None, error[:400]
    run.retry_at = now + BACK_OFF * 4 ** (run.attempts - 1)
    run.save()
    telling.tell_run(run, "retrying", now)


def _held(run: JobRun) -> bool:
    """Whether the run is still ours; then its job is locked."""
    ScheduledJob.objects.select_for_update(of=("self",)).filter(pk=run.job_id).first()
    return _mine(run).exists()


def _end(run: JobRun, state: str, error: str, now: datetime) -> None:
    run.state, run.error, run.finished_at, run.lease_until = state, error[:400], now, None
    run.save()
    telling.tell_run(run, state, now)
    for waiting in JobRun.objects.filter(job=run.job_id, state=RunState.PENDING, retry_at=None):
        nudge(RUN_TASK, queue=QUEUE, run_id=str(waiting.pk))
    if state == RunState.FAILED:
        raise_alert(
            user_id=run.job.user_id,
            kind=Alert.Kind.FAILURE,
            severity=Alert.Severity.WARNING,
            title=f"The job {run.job.name} failed",
            body=f"Due at {run.due_at:%Y-%m-%d %H:%M} UTC, tried {run.attempts} times. {run.error}",
            data={"job": str(run.job_id), "run": str(run.pk)},
            dedupe_key=f"job:{run.pk}:failed",
            trace_id=run.trace_id,
            now=now,
        )
