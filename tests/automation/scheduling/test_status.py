"""How late the scheduler is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from automation.scheduling.models import JobRun
from automation.scheduling.status import lag, status_of
from common.heartbeats import beat
from tests.automation.scheduling.making import DUE, MINUTE, job, look, run_all
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


def test_the_lag_is_of_what_nobody_looked_at_and_of_what_waits_for_a_worker(desk):
    job(desk)
    assert lag(DUE) == timedelta(0)
    assert lag(DUE + MINUTE) == MINUTE
    look(DUE + MINUTE)
    assert lag(DUE + 2 * MINUTE) == 2 * MINUTE
    run_all(DUE + 2 * MINUTE)
    assert lag(DUE + 3 * MINUTE) == timedelta(0)


def test_the_last_result_of_each_job(desk, other):
    mine = job(desk)
    for n in (3, 2, 1):
        JobRun.objects.create(
            job=mine, due_at=NOW - n * MINUTE, created_at=NOW, finished_at=NOW, cause="schedule", state="succeeded"
        )
    found = status_of(desk.user, now=NOW)
    assert [run.due_at for run in found["last"]] == [NOW - MINUTE]
    assert status_of(other.user, now=NOW)["last"] == []


def test_a_silent_beat_is_told(desk):
    beat("beat", now=NOW)
    assert status_of(desk.user, now=NOW + MINUTE)["beat"]["alive"] is True
    silent = status_of(desk.user, now=NOW + 2 * MINUTE)["beat"]
    assert (silent["alive"], silent["age_seconds"]) == (False, 120.0)
