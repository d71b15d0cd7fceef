"""The history of runs is bounded by number and age; what is under way stays."""

from __future__ import annotations

import pytest

from automation.scheduling import pruning
from automation.scheduling.models import JobRun
from tests.automation.scheduling.making import DAY, MINUTE, job, runs
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


def history(mine, count: int, step) -> None:
    JobRun.objects.bulk_create(
        JobRun(job=mine, due_at=NOW - n * step, created_at=NOW, cause="schedule", state="succeeded")
        for n in range(1, count + 1)
    )


def test_the_newest_of_each_job_are_kept(desk, monkeypatch):
    monkeypatch.setattr(pruning, "KEPT", 5)
    mine, another = job(desk), job(desk)
    history(mine, 8, MINUTE)
    history(another, 3, MINUTE)
    JobRun.objects.create(job=mine, due_at=NOW - DAY, created_at=NOW, cause="manual")  # pending
    assert pruning.prune(now=NOW) == 3
    assert [run.due_at for run in runs(mine)] == [NOW - DAY, *(NOW - n * MINUTE for n in (5, 4, 3, 2, 1))]
    assert len(runs(another)) == 3


def test_old_runs_go_but_for_the_last_few(desk, monkeypatch):
    monkeypatch.setattr(pruning, "ALWAYS", 2)
    monthly = job(desk)
    history(monthly, 6, 31 * DAY)
    assert pruning.prune(now=NOW) == 4
    assert [run.due_at for run in runs(monthly)] == [NOW - 62 * DAY, NOW - 31 * DAY]
