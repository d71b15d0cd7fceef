"""Beat's entries follow the jobs; damage to them is put right and harms nothing."""

from __future__ import annotations

import json

import pytest
from django_celery_beat.models import CrontabSchedule, PeriodicTask, PeriodicTasks

from automation.scheduling import keeping, mirroring
from tests.automation.scheduling.making import DUE, MINUTE, job, look
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


def entry_of(mine) -> PeriodicTask:
    return PeriodicTask.objects.get(name=mirroring.entry_name(mine.pk))


def test_the_entry_says_what_the_job_says(desk):
    mine = job(desk, schedule="30 9 * * MON-FRI")
    entry = entry_of(mine)
    assert (entry.task, entry.queue, entry.enabled) == ("automation.look_at_jobs", "jobs", True)
    assert json.loads(entry.kwargs) == {"job": str(mine.pk)}
    assert (entry.crontab.minute, entry.crontab.hour, str(entry.crontab.timezone)) == ("30", "9", "America/New_York")
    keeping.update_job(user=desk.user, job_id=mine.pk, changes={"timezone": "Europe/Berlin"}, now=NOW)
    assert str(entry_of(mine).crontab.timezone) == "Europe/Berlin"
    assert CrontabSchedule.objects.filter(minute="30", hour="9").count() == 1  # the other is gone


def test_jobs_share_crontabs_and_nothing_is_written_when_nothing_changed(desk):
    mine, another = job(desk), job(desk)
    assert entry_of(mine).crontab_id == entry_of(another).crontab_id
    before = PeriodicTasks.last_change()
    look(DUE)
    keeping.update_job(user=desk.user, job_id=mine.pk, changes={"misfire_policy": "skip"}, now=DUE)
    assert PeriodicTasks.last_change() == before


def test_damage_is_put_right_and_loses_no_time(desk):
    mine, another = job(desk), job(desk)
    PeriodicTask.objects.filter(pk=entry_of(mine).pk).update(enabled=False, task="celery.backend_cleanup")
    entry_of(another).delete()
    PeriodicTask.objects.create(
        name="job gone", task=mirroring.TASK, crontab=CrontabSchedule.objects.create(minute="1", hour="1")
    )
    assert look(DUE) == 2
    before = PeriodicTasks.last_change()
    assert mirroring.repair(now=DUE + MINUTE) == 3
    assert PeriodicTasks.last_change() > before
    assert (entry_of(mine).enabled, entry_of(another).enabled) == (True, True)
    assert not PeriodicTask.objects.filter(name="job gone").exists()
    assert mirroring.repair(now=DUE + MINUTE) == 0


def test_a_look_through_costs_the_same_however_many_jobs(desk, django_assert_max_num_queries):
    for n in range(4):
        job(desk, schedule="open+5m" if n % 2 else "0 9 * * *")
    with django_assert_max_num_queries(6):
        assert mirroring.repair(now=NOW) == 0
