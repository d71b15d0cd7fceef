"""A run is done once; failures are tried again, a dead worker's run is begun again, one at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from alerts.models import Alert
from automation.jobs.base import JobFailed
from automation.scheduling import running
from automation.scheduling.keeping import run_now
from automation.scheduling.models import OPEN_RUNS, RUN_TRANSITIONS, JobRun, RunState
from common.errors import Conflict
from tests.automation.scheduling.making import DAY, DUE, MINUTE, S, job, look, run_all, runs, with_puppet
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def puppet(monkeypatch):
    return with_puppet(monkeypatch)


def due(desk, **changes):
    """A puppet's job whose time has just come, and its run."""
    mine = job(desk, job_type="puppet", **changes)
    look(DUE)
    return mine, runs(mine)[0]


def test_a_run_is_done_once_and_tells_what_it_found(desk, puppet):
    _, run = due(desk, config={"a": 1})
    assert run_all(DUE + S) == 1
    assert running.carry_out(run.pk, now=DUE + 2 * S) is False
    run.refresh_from_db()
    assert (run.state, run.summary, run.result, run.attempts) == ("succeeded", "Done.", {"n": 1}, 1)
    assert (run.duration_seconds, run.lease_until) == (0.0, None)
    assert [line["line"] for line in run.log] == ["begun"]
    (context,) = puppet.contexts
    assert (context.user, context.portfolio, context.config) == (desk.user, desk.portfolio, {"a": 1})
    assert (context.due_at, context.run_id, context.trace_id) == (DUE, run.pk, run.trace_id)


def test_the_next_run_knows_what_the_last_one_found(desk, puppet):
    due(desk)
    run_all(DUE)
    look(DUE + DAY)
    run_all(DUE + DAY)
    assert [context.previous for context in puppet.contexts] == [{}, {"n": 1}]


def test_failures_are_tried_again_later_and_then_given_up_with_an_alert(desk, puppet):
    puppet.troubles = [Conflict("busy"), Conflict("busy"), Conflict("still busy")]
    _, run = due(desk)
    run_all(DUE)
    run.refresh_from_db()
    assert (run.state, run.error, run.retry_at) == ("pending", "busy", DUE + 30 * S)
    assert run_all(DUE + 29 * S) == 0
    run_all(DUE + 30 * S)
    run.refresh_from_db()
    assert run.retry_at == DUE + 150 * S
    assert running.nudge_left_behind(DUE + 149 * S) == 0
    assert running.nudge_left_behind(DUE + 150 * S) == 1
    run_all(DUE + 150 * S)
    run.refresh_from_db()
    assert (run.state, run.attempts, run.error) == ("failed", 3, "still busy")
    alert = Alert.objects.get(user=desk.user, kind="failure")
    assert "tried 3 times. still busy" in alert.body
    assert alert.trace_id == run.trace_id


def test_a_permanent_failure_is_not_tried_again(desk, puppet):
    puppet.troubles = [JobFailed("no such thing", permanent=True)]
    _, run = due(desk)
    run_all(DUE)
    run.refresh_from_db()
    assert (run.state, run.attempts) == ("failed", 1)


def test_a_bug_is_recorded_and_raised(desk, puppet):
    puppet.troubles = [ZeroDivisionError("oops")]
    _, run = due(desk)
    with pytest.raises(ZeroDivisionError):
        running.carry_out(run.pk, now=DUE, clock=lambda: DUE)
    run.refresh_from_db()
    assert (run.state, run.error) == ("pending", "ZeroDivisionError: oops")


def test_a_run_whose_worker_is_gone_is_begun_again_when_its_lease_is_over(desk, puppet):
    _, run = due(desk)
    held = running.claim(run.pk, now=DUE)
    assert held is not None
    over = DUE + running.LEASE
    assert running.claim(run.pk, now=over - S) is None
    assert running.nudge_left_behind(over) == 1
    assert run_all(over) == 1
    run.refresh_from_db()
    assert (run.state, run.attempts) == ("succeeded", 2)
    assert "is gone: begun again" in run.log[0]["line"]


def test_who_lost_its_lease_records_nothing(desk, puppet, monkeypatch):
    _, run = due(desk)
    over = DUE + running.LEASE

    def another_takes_it(context) -> None:
        monkeypatch.undo()
        with_puppet(monkeypatch)
        assert running.carry_out(run.pk, now=over + S, clock=lambda: over + S)

    monkeypatch.setattr(puppet, "run", another_takes_it)
    running.carry_out(run.pk, now=DUE, clock=lambda: over + 2 * S)
    run.refresh_from_db()
    assert (run.state, run.finished_at, run.error) == ("succeeded", over + S, "")


def test_a_worker_that_dies_every_time_ends_it(desk, puppet):
    _, run = due(desk)
    at = DUE
    for _ in range(running.MOST_ATTEMPTS):
        assert running.claim(run.pk, now=at) is not None
        at += running.LEASE
    assert running.claim(run.pk, now=at) is None
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", "Its worker died 3 times.")


def test_one_run_of_a_job_at_a_time(desk, puppet):
    mine, first = due(desk, schedule="5,6 10 * * *")
    held = running.claim(first.pk, now=DUE)
    look(DUE + MINUTE)
    second = runs(mine)[1]
    assert running.claim(second.pk, now=DUE + MINUTE) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        JobRun.objects.filter(pk=second.pk).update(state="running", lease_until=DUE)
    running._succeed(held, puppet.run(running._context(held, DUE, lambda: DUE)), now=DUE + MINUTE)
    assert running.claim(second.pk, now=DUE + MINUTE) is not None


@pytest.mark.parametrize(
    ("policy", "late", "state"),
    [
        ({"misfire_policy": "skip"}, 15, "succeeded"),  # a busy queue, not an outage
        ({"misfire_policy": "skip"}, 16, "missed"),
        ({"run_late_minutes": 60}, 60, "succeeded"),
        ({"run_late_minutes": 60}, 61, "missed"),
        ({"misfire_policy": "run_once_latest"}, 600, "succeeded"),
    ],
)
def test_a_run_that_no_worker_took_is_judged_by_its_policy(desk, puppet, policy, late, state):
    _, run = due(desk, **policy)
    run_all(DUE + late * MINUTE)
    run.refresh_from_db()
    assert run.state == state
    assert (run.cause == "catch_up") == (state == "succeeded" and late > 15)


def test_run_now_runs_beside_the_schedule_and_not_twice(desk, puppet):
    mine = job(desk, job_type="puppet", enabled=False)
    run = run_now(user=desk.user, job_id=mine.pk, now=NOW)
    with pytest.raises(Conflict, match="waits for a worker"):
        run_now(user=desk.user, job_id=mine.pk, now=NOW + S)
    run_all(NOW + timedelta(hours=2))
    run.refresh_from_db()
    assert (run.state, run.cause) == ("succeeded", "manual")


def test_a_time_that_comes_while_a_run_asked_for_waits_is_skipped(desk, puppet):
    mine = job(desk, job_type="puppet")
    run_now(user=desk.user, job_id=mine.pk, now=DUE - S)
    assert look(DUE) == 0
    assert [(run.state, run.cause) for run in runs(mine)] == [("pending", "manual"), ("skipped", "schedule")]


def test_the_log_is_bounded(desk, puppet):
    _, run = due(desk)
    held = running.claim(run.pk, now=DUE)
    for n in range(running.LOG_LINES + 5):
        running._write(held, f"{n} " + "x" * 400, DUE)
    assert len(held.log) == running.LOG_LINES
    assert held.log[0]["line"].startswith("5 ")
    assert len(held.log[0]["line"]) == running.LINE_LENGTH


def test_every_state_says_what_may_follow():
    assert set(RUN_TRANSITIONS) == set(RunState.values)
    assert {state for state, following in RUN_TRANSITIONS.items() if following} == set(OPEN_RUNS)
