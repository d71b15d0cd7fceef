"""What is due becomes runs, once each, whoever looks; what passed is accounted for as the policy says."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from automation.scheduling.models import JobRun, ScheduledJob
from tests.automation.scheduling.making import DAY, DUE, MINUTE, S, job, look, run_all, runs, told, utc, with_puppet
from tests.orders.making import NOW, open_desk, open_market

pytestmark = pytest.mark.django_db
BACK = DUE + 40 * MINUTE  # after 45 minutes, of which the last 40 were too late
EVERY_TEN = "*/10 * * * *"


def test_a_time_becomes_one_run_however_often_somebody_looks(desk):
    mine = job(desk)
    assert (mine.next_due_at, mine.next_look_at) == (DUE, DUE)
    assert [look(DUE - S), look(DUE), look(DUE), look(DUE + S)] == [0, 1, 0, 0]
    assert told(mine) == [(DUE, "pending", "schedule")]
    mine.refresh_from_db()
    assert mine.next_due_at == DUE + DAY


@pytest.mark.parametrize(
    ("policy", "expected", "note"),
    [
        ({"misfire_policy": "skip"}, "missed", "Skipped, as the job says."),
        ({"run_late_minutes": 30}, "missed", "Skipped: found 40 min late, the job allows 30 min."),
        ({"run_late_minutes": 40}, "pending", "Run 40 min late."),
        ({"misfire_policy": "run_once_latest"}, "pending", "Run 40 min late."),
    ],
)
def test_each_policy_after_45_minutes_down(desk, policy, expected, note):
    mine = job(desk, **policy)
    look(BACK)
    (run,) = runs(mine)
    assert (run.due_at, run.state, run.note) == (DUE, expected, note)
    assert run.cause == ("catch_up" if expected == "pending" else "schedule")
    assert ScheduledJob.objects.get().next_due_at == DUE + DAY


def test_of_several_missed_times_the_latest_runs_once(desk):
    mine = job(desk, schedule=EVERY_TEN, misfire_policy="run_once_latest")
    look(NOW + 45 * MINUTE)
    assert told(mine) == [
        *((NOW + n * MINUTE, "missed", "schedule") for n in (10, 20, 30)),
        (NOW + 40 * MINUTE, "pending", "catch_up"),
    ]
    assert ScheduledJob.objects.get().next_due_at == NOW + 50 * MINUTE


def test_run_once_latest_runs_after_months_too(desk):
    mine = job(desk, schedule="5 10 20 NOV *", misfire_policy="run_once_latest")
    look(DUE + 100 * DAY)
    assert told(mine) == [(DUE, "pending", "catch_up")]


def test_a_month_of_ten_minutes_is_fifty_rows_and_a_count(desk):
    mine = job(desk, schedule=EVERY_TEN, misfire_policy="skip")
    look(NOW + 30 * DAY)
    found = runs(mine)
    assert len(found) == 51  # the last is due just now
    assert "4269 earlier missed times are not listed" in found[0].note


def test_in_spring_a_time_that_does_not_exist_is_skipped_when_the_clock_jumps(desk):
    mine = job(desk, schedule="30 2 * * *", now=utc(2026, 3, 7, 12))
    change, following = utc(2026, 3, 8, 7), utc(2026, 3, 9, 6, 30)
    assert (mine.next_look_at, mine.next_due_at) == (change, following)
    assert look(change) == 0
    (run,) = runs(mine)
    assert (run.state, run.due_at) == ("skipped", change)
    assert run.note == "2026-03-08 02:30 did not exist: the clock was set forward. Skipped."
    assert look(following) == 1


def test_a_time_at_the_moment_of_the_jump_runs_and_says_what_did_not_exist(desk):
    mine = job(desk, schedule="0 2,3 * * *", now=utc(2026, 3, 7, 12))
    look(utc(2026, 3, 8, 7))
    (run,) = runs(mine)
    assert (run.state, run.cause) == ("pending", "schedule")
    assert "2026-03-08 02:00 did not exist" in run.note


def test_in_autumn_a_time_that_comes_twice_runs_at_the_first(desk):
    mine = job(desk, schedule="30 1 * * *", now=utc(2026, 10, 31, 12))
    for at in (utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 6, 30), utc(2026, 11, 2, 6, 30)):
        look(at)
        run_all(at)
    assert [run.due_at for run in runs(mine)] == [utc(2026, 11, 1, 5, 30), utc(2026, 11, 2, 6, 30)]


@pytest.mark.parametrize("change", [utc(2026, 3, 8, 13, 30), utc(2026, 11, 1, 14, 30)])
def test_half_past_nine_in_new_york_runs_once_on_the_days_the_clock_changes(desk, change):
    mine = job(desk, schedule="30 9 * * *", now=change - timedelta(hours=20))
    for minute in range(-120, 121, 10):  # everybody looks for two hours around it
        look(change + minute * MINUTE)
        look(change + minute * MINUTE)
        run_all(change + minute * MINUTE)
    assert told(mine) == [(change, "succeeded", "schedule")]


def test_what_waits_gives_way_to_the_next_time(desk, monkeypatch):
    with_puppet(monkeypatch, ValueError("first"))
    fast = job(desk, schedule="* * * * *", job_type="puppet")
    look(NOW + MINUTE)
    look(NOW + 2 * MINUTE)
    assert [run.note for run in runs(fast)] == ["Missed: no worker took it before the next time.", ""]
    with pytest.raises(ValueError, match="first"):
        run_all(NOW + 2 * MINUTE)
    look(NOW + 3 * MINUTE)
    assert [(run.state, run.note) for run in runs(fast)[1:]] == [
        ("failed", "Given up: the next time came first."),
        ("pending", ""),
    ]


@pytest.mark.django_db(transaction=True)
def test_six_lookers_at_once_find_each_time_once():
    open_market()
    desk = open_desk("ada")
    jobs = [job(desk, name=f"job {n}") for n in range(30)]
    start = threading.Barrier(6)

    def looker() -> None:
        start.wait()
        look(DUE)
        connection.close()

    threads = [threading.Thread(target=looker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    look(DUE)
    assert JobRun.objects.count() == len(jobs)
    assert set(JobRun.objects.values_list("due_at", "state")) == {(DUE, "pending")}
