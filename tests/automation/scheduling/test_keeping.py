"""Making, editing, deleting, running, stopping and starting jobs."""

from __future__ import annotations

import pytest
from django_celery_beat.models import PeriodicTask

from automation.scheduling import keeping, reading, running
from automation.scheduling.mirroring import entry_name
from automation.scheduling.models import JobRun, ScheduledJob
from common.errors import Conflict, InvalidInput, NotFound
from live.models import Event
from tests.automation.scheduling.making import DAY, DUE, MINUTE, S, job, look, runs, told
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


def edit(desk, mine, *, now=NOW, **changes) -> ScheduledJob:
    return keeping.update_job(user=desk.user, job_id=mine.pk, changes=changes, now=now)


def entry_of(mine) -> PeriodicTask:
    return PeriodicTask.objects.get(name=entry_name(mine.pk))


def test_what_is_left_out_has_its_default(desk):
    first, second = job(desk), job(desk)
    assert (first.name, second.name) == ("Alert check", "Alert check 2")
    assert (first.timezone, first.misfire_policy, first.run_late_minutes) == ("America/New_York", "run_late", 60)
    assert first.config == {"after_minutes": 30, "remind_minutes": 240}
    assert first.portfolio_id is None
    assert Event.objects.filter(user=desk.user, topic="jobs", kind="created").count() == 2


def test_every_error_at_once_with_value_and_fix(desk, other):
    raw = {
        "job_type": "market_scan", "schedule": "61 * * * *", "timezone": "Mars/Phobos", "enabled": "yes",
        "config": {"movers": 0, "colour": 1}, "misfire_policy": "skip", "run_late_minutes": 5, "nmae": "x",
        "portfolio": str(other.portfolio.pk), "name": "a" * 121,
    }  # fmt: skip
    with pytest.raises(InvalidInput) as caught:
        keeping.create_job(user=desk.user, data=raw, now=NOW)
    errors = {field: texts[0] for field, texts in caught.value.errors.items()}
    assert set(errors) == {
        "schedule", "timezone", "enabled", "config.movers", "config.colour", "run_late_minutes", "nmae", "portfolio",
        "name",
    }  # fmt: skip
    assert "did you mean name?" in errors["nmae"]
    assert "is not one of your portfolios" in errors["portfolio"]
    assert "run_late only: leave it out" in errors["run_late_minutes"]


@pytest.mark.parametrize(
    ("kind", "told"),
    [(None, "is required"), ("market_scn", "did you mean market_scan?"), (5, "use one of"), ([], "use")],
)
def test_an_unknown_type_names_the_nearest(desk, kind, told):
    with pytest.raises(InvalidInput) as caught:
        keeping.create_job(user=desk.user, data={"job_type": kind, "schedule": "0 9 * * *"}, now=NOW)
    assert told in caught.value.errors["job_type"][0]


def test_a_name_is_used_once(desk, other):
    job(desk, name="Morning")
    job(other, name="Morning")
    with pytest.raises(InvalidInput, match="another job of yours"):
        job(desk, name=" Morning ")


def test_only_a_change_of_times_waits_afresh(desk):
    mine = job(desk)
    look(DUE)
    edit(desk, mine, now=DUE + S, name="Other", config={"after_minutes": 5})
    mine.refresh_from_db()
    assert (mine.next_due_at, mine.version, mine.name) == (DUE + DAY, 2, "Other")
    edit(desk, mine, now=DUE + S, schedule="7 10 * * *")
    mine.refresh_from_db()
    assert mine.next_due_at == DUE + 2 * MINUTE


def test_an_edit_at_the_very_time_does_not_lose_it(desk):
    mine = job(desk)
    edit(desk, mine, now=DUE + S, schedule="30 10 * * *")
    assert told(mine) == [(DUE, "pending", "schedule")]
    assert ScheduledJob.objects.get().next_due_at == NOW + 30 * MINUTE


def test_what_belongs_to_a_type_or_policy_goes_with_it(desk):
    mine = job(desk, config={"after_minutes": 5})
    changed = edit(desk, mine, job_type="ai_analysis", misfire_policy="skip")
    assert (changed.config, changed.run_late_minutes) == ({"hours": 24}, None)
    clock = edit(desk, mine, schedule="open+5m")
    assert clock.trading_days_only is True
    assert edit(desk, mine, schedule="0 9 * * *").trading_days_only is False


def test_a_disabled_job_waits_for_nothing_and_its_entry_is_off(desk):
    mine = job(desk)
    look(DUE)
    edit(desk, mine, now=DUE + S, enabled=False)
    assert look(DUE + DAY) == 0
    assert [(run.state, run.note) for run in runs(mine)] == [("skipped", "Skipped: the job was disabled.")]
    assert entry_of(mine).enabled is False
    assert edit(desk, mine, now=DUE + S, enabled=True).next_due_at == DUE + DAY


def test_stop_all_stops_and_start_all_starts_with_nothing_missed(desk, other):
    mine, theirs, off = job(desk), job(other), job(desk, enabled=False)
    look(DUE)
    keeping.stop_all(user=desk.user, now=DUE + S, actor="ada")
    keeping.stop_all(user=desk.user, now=DUE + 2 * S, actor="ada")
    assert reading.stopped(desk.user.pk).at == DUE + S
    assert [run.note for run in runs(mine)] == ["Skipped: all jobs were stopped."]
    assert told(theirs)[0][1] == "pending"
    assert (look(DUE + DAY), len(runs(theirs))) == (1, 2)
    with pytest.raises(Conflict, match="All your jobs are stopped"):
        keeping.run_now(user=desk.user, job_id=mine.pk, now=NOW)
    assert job(desk, name="made while stopped").next_due_at is None
    assert entry_of(mine).enabled is False
    assert keeping.start_all(user=desk.user, now=DUE + 2 * DAY) == 2
    mine.refresh_from_db()
    off.refresh_from_db()
    assert (mine.next_due_at, off.next_due_at) == (DUE + 3 * DAY, None)
    assert len(runs(mine)) == 1
    assert entry_of(mine).enabled is True


def test_deleting_takes_the_history_and_the_entry_but_not_under_a_worker(desk):
    mine = job(desk)
    look(DUE)
    held = running.claim(runs(mine)[0].pk, now=DUE)
    with pytest.raises(Conflict, match="is running"):
        keeping.delete_job(user=desk.user, job_id=mine.pk, now=DUE)
    JobRun.objects.filter(pk=held.pk).update(state="failed")
    keeping.delete_job(user=desk.user, job_id=mine.pk, now=DUE)
    assert not JobRun.objects.exists()
    assert not PeriodicTask.objects.filter(name=entry_name(mine.pk)).exists()


def test_another_users_job_does_not_exist(desk, other):
    mine = job(desk)
    for verb in (keeping.delete_job, keeping.run_now):
        with pytest.raises(NotFound):
            verb(user=other.user, job_id=mine.pk, now=NOW)
    with pytest.raises(NotFound):
        edit(other, mine, name="x")


def test_there_is_an_end_to_jobs(desk, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_JOBS", 1)
    job(desk)
    with pytest.raises(Conflict, match="delete one"):
        job(desk)
