"""Decide what is due. Whoever looks (the sweeper, either of two beats' pokes) locks the job's row and finds the same.

A job's times until now become runs, each under UNIQUE(job, due_at): one waits for a worker, the others are accounted
for as its policy says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from automation import overdue
from automation.scheduling import telling
from automation.scheduling.coming import LOOK_AGAIN, coming, sessions_of
from automation.scheduling.models import JobRun, MisfirePolicy, RunCause, RunState, ScheduledJob
from automation.scheduling.reading import timetable_of
from automation.triggers.base import Occasion
from common.enqueue import nudge

BATCH = 100
RUN_TASK = "automation.run_job"
QUEUE = "jobs"
LOOKED_BACK = timedelta(days=35)
_EVER = 10**9  # minutes late that run_once_latest allows
_A_MOMENT = timedelta(microseconds=1)


def look(*, now: datetime, batches: int = 1_000) -> int:
    """Turn every time that has come into a run. Returns how many wait for a worker by it. Safe to run twice at once.

    `batches` of 100 jobs at most: for whoever has more to do.
    """
    begun = 0
    for _ in range(batches):
        looked, waiting = _look_at_batch(now)
        begun += waiting
        if looked < BATCH:
            break
    return begun


@transaction.atomic
def _look_at_batch(now: datetime) -> tuple[int, int]:
    """One batch of due jobs that nobody else holds: how many were looked at, and how many runs wait."""
    due = ScheduledJob.objects.select_for_update(skip_locked=True).filter(next_look_at__lte=now)
    jobs = list(due.order_by("next_look_at", "id")[:BATCH])
    return len(jobs), sum(take_note(job, now=now) for job in jobs)


def take_note(job: ScheduledJob, *, now: datetime) -> bool:
    """Account for the job's times until `now` and set its next. Returns whether a run waits. Call holding its lock."""
    occasions = list(_occasions(job, now))
    verdict = overdue.judge(
        occasions,
        policy="skip" if job.misfire_policy == MisfirePolicy.SKIP else "run_late",
        run_late_minutes=_EVER if job.misfire_policy == MisfirePolicy.RUN_ONCE_LATEST else job.run_late_minutes,
        ends_at=None,
        now=now,
        what="job",
    )
    existing = {occasion.at for occasion in occasions if not occasion.skipped}
    notes = {passed.at: passed.note for passed in verdict.passed}
    JobRun.objects.bulk_create(
        [
            JobRun(
                job=job,
                due_at=passed.at,
                state=RunState.MISSED if passed.at in existing else RunState.SKIPPED,
                cause=RunCause.SCHEDULE,
                note=passed.note[:300],
                created_at=now,
                finished_at=now,
            )
            for passed in verdict.passed
            if passed.at != verdict.run_at
        ],
        ignore_conflicts=True,
    )
    waits = verdict.run_at is not None and _await_worker(job, verdict.run_at, notes.get(verdict.run_at, ""), now)
    _set_next(job, now)
    return waits


def _occasions(job: ScheduledJob, now: datetime) -> Iterator[Occasion]:
    """Its times from the one it was waiting for until `now`. That one is due whatever the calendar says since."""
    waited_for = job.next_look_at
    assert waited_for is not None
    begin = max(waited_for, now - LOOKED_BACK) - _A_MOMENT
    timetable = timetable_of(job)
    found = timetable.occasions(begin, sessions_of(timetable, begin, now + LOOK_AGAIN))
    occasion = next(found, None)
    if job.next_due_at == waited_for and (occasion is None or occasion.at > waited_for):
        yield Occasion(at=waited_for)
    while occasion is not None and occasion.at <= now:
        yield occasion
        occasion = next(found, None)


def _await_worker(job: ScheduledJob, due_at: datetime, note: str, now: datetime) -> bool:
    """Put a run in the queue. What still waits there gives way, unless a person has just asked for it."""
    run = JobRun(
        job=job,
        due_at=due_at,
        cause=RunCause.SCHEDULE if now - due_at <= overdue.ON_TIME else RunCause.CATCH_UP,
        note=note[:300],
        created_at=now,
    )
    waiting = JobRun.objects.select_for_update().filter(job=job, state=RunState.PENDING).first()
    if waiting is not None and waiting.cause == RunCause.MANUAL and not waiting.attempts:
        run.state, run.finished_at, run.reported_at = RunState.SKIPPED, now, now
        run.note = "Skipped: a run somebody asked for was about to begin."
    elif waiting is not None:
        _give_way(waiting, now)
    created = JobRun.objects.bulk_create([run], ignore_conflicts=True)
    telling.tell_run(created[0], "due", now)
    if run.state == RunState.SKIPPED:
        return False
    nudge(RUN_TASK, queue=QUEUE, run_id=str(run.pk))
    return True


def _give_way(run: JobRun, now: datetime) -> None:
    """The next time has come before this run was begun, or tried again."""
    tried = run.attempts > 0
    run.state = RunState.FAILED if tried else RunState.MISSED
    run.note = "Given up: the next time came first." if tried else "Missed: no worker took it before the next time."
    run.finished_at, run.retry_at = now, None
    run.save(update_fields=["state", "note", "finished_at", "retry_at"])
    telling.tell_run(run, run.state, now)


def set_next(job: ScheduledJob, *, scheduled: bool, now: datetime) -> None:
    """Begin to wait for the job's next time after `now`, or for none if it is not scheduled. The caller saves it."""
    if not scheduled:
        job.next_look_at = job.next_due_at = None
        return
    following = coming(timetable_of(job), after=now)
    job.next_look_at, job.next_due_at = following.look_at, following.due_at


def _set_next(job: ScheduledJob, now: datetime) -> None:
    set_next(job, scheduled=True, now=now)
    job.save(update_fields=["next_look_at", "next_due_at"])
