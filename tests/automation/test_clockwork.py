"""Timers: fire at a time once, begin a window, end one; what was missed is told and not done late."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.models import Alert
from automation import clockwork, lifecycle
from automation.models import Action, Missed
from live.models import Event
from markets.models import MarketSession
from tests.automation.making import MINUTE, S, executions, fresh, rule, telling, timers_of
from tests.orders.making import NOW
from watches.models import Timer

pytestmark = pytest.mark.django_db
# NOW is Friday 2026-11-20, 10:00 in New York.
AT_1005 = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}}
DUE = NOW + 5 * MINUTE
DAY = timedelta(days=1)


def run(at: datetime) -> int:
    return clockwork.run_due(now=at)


def test_a_clock_rule_fires_once_at_its_time(desk):
    action = rule(desk, **AT_1005)
    assert fresh(action).next_evaluation_at == DUE
    assert run(DUE - S) == 0
    assert run(DUE) == 1
    assert run(DUE + S) == 0
    (execution,) = executions(action)
    assert execution.observation == {"due_at": DUE.isoformat(), "late_seconds": 0}
    assert execution.expires_at == DUE + 15 * MINUTE
    assert timers_of(action.id) == {}
    assert fresh(action).next_evaluation_at is None


def test_a_repeating_clock_rule_fires_every_day_under_a_new_epoch(desk):
    action = telling(desk, max_executions=None, **AT_1005)
    for n in range(3):
        assert run(DUE + n * DAY + S) == 1
    assert [e.epoch for e in executions(action)] == [1, 2, 3]
    assert fresh(action).next_evaluation_at == DUE + 3 * DAY
    assert timers_of(action.id) == {"fire": DUE + 3 * DAY}


def test_a_little_late_is_still_done_and_says_so(desk):
    action = rule(desk, **AT_1005)
    run(DUE + MINUTE)
    assert executions(action)[0].observation["late_seconds"] == 60
    assert not Missed.objects.exists()


def test_what_was_missed_is_written_down_and_not_done_late(desk):
    action = rule(desk, **AT_1005)
    run(DUE + MINUTE + S)
    assert executions(action) == []
    missed = Missed.objects.get()
    assert (missed.action_id, missed.due_at, missed.outcome) == (action.id, DUE, "skipped")
    assert fresh(action).next_evaluation_at == DUE + DAY
    run(DUE + DAY)
    assert len(executions(action)) == 1


def test_a_timer_of_an_older_epoch_does_not_fire(desk):
    action = rule(desk, **AT_1005)
    Action.objects.filter(id=action.id).update(epoch=7)
    run(DUE)
    assert executions(action) == []
    assert fresh(action).next_evaluation_at == DUE + DAY


def test_a_paused_or_cancelled_clock_rule_does_not_fire(desk):
    paused, cancelled = rule(desk, **AT_1005), rule(desk, **AT_1005)
    lifecycle.pause(user=desk.user, action_id=paused.id, now=NOW, actor="ada")
    lifecycle.cancel(user=desk.user, action_id=cancelled.id, now=NOW, actor="ada")
    assert run(DUE) == 0
    assert not executions(paused) and not executions(cancelled)


def test_resuming_waits_for_the_next_time(desk):
    action = rule(desk, **AT_1005)
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    lifecycle.resume(user=desk.user, action_id=action.id, now=DUE + S, actor="ada")
    assert timers_of(action.id) == {"fire": DUE + DAY}


def test_a_rule_moved_to_another_time_forgets_the_old_one(desk):
    action = rule(desk, **AT_1005)
    changes = {"trigger_params": {"time": "10:30"}}
    lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, now=NOW, actor="ada")
    assert run(DUE) == 0
    assert run(NOW + 30 * MINUTE) == 1
    assert len(executions(action)) == 1


# --- windows
def test_a_rule_expires_when_its_window_ends_and_its_owner_is_told(desk):
    action = rule(desk, valid_until=DUE.isoformat())
    assert run(DUE) == 1
    ended = fresh(action)
    assert (ended.status, ended.status_reason) == ("expired", "valid until 2026-11-20 15:05 UTC")
    assert "It had 0 executions" in Alert.objects.get().body
    assert Event.objects.filter(topic="actions", kind="expired").exists()
    assert timers_of(action.id) == {}


def test_a_paused_rule_expires_too(desk):
    action = rule(desk, valid_until=DUE.isoformat())
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    run(DUE)
    assert fresh(action).status == "expired"


@pytest.mark.parametrize("status", ["cancelled", "completed", "failed"])
def test_what_has_ended_does_not_expire(desk, status):
    action = rule(desk, valid_until=DUE.isoformat())
    Action.objects.filter(id=action.id).update(status=status)
    run(DUE)
    assert fresh(action).status == status


def test_a_time_at_the_very_end_of_the_window_still_fires(desk):
    action = telling(desk, valid_until=DUE.isoformat(), max_executions=None, **AT_1005)
    assert set(timers_of(action.id)) == {"fire", "expire"}
    run(DUE)
    assert len(executions(action)) == 1
    assert fresh(action).status == "expired"


def test_a_time_after_the_window_is_not_promised(desk):
    action = rule(desk, valid_until=(DUE - S).isoformat(), **AT_1005)
    assert fresh(action).next_evaluation_at is None
    assert set(timers_of(action.id)) == {"expire"}


def test_a_clock_rule_with_a_window_waits_for_it(desk):
    action = rule(desk, valid_from=(NOW + 10 * MINUTE).isoformat(), **AT_1005)
    assert timers_of(action.id) == {"arm": NOW + 10 * MINUTE}
    run(NOW + 10 * MINUTE)
    assert timers_of(action.id) == {"fire": DUE + DAY}


def test_a_time_at_the_very_beginning_of_the_window_fires(desk):
    action = rule(desk, valid_from=DUE.isoformat(), **AT_1005)
    run(DUE + S)
    assert len(executions(action)) == 1


def test_while_the_calendar_shows_no_session_it_is_asked_again_the_next_day(desk):
    MarketSession.objects.filter(date__gt=NOW.date()).delete()
    action = telling(desk, max_executions=None, **AT_1005)
    run(DUE)
    assert fresh(action).next_evaluation_at is None
    assert timers_of(action.id) == {"arm": DUE + DAY}
    day = NOW.date() + 2 * DAY
    opens = NOW + 2 * DAY - timedelta(hours=10)
    MarketSession.objects.create(exchange_id="DEMO", date=day, opens_at=opens, closes_at=opens + DAY)
    run(DUE + DAY)
    assert timers_of(action.id) == {"fire": DUE + 2 * DAY}


# --- robust
def test_more_timers_than_a_batch_are_all_handled(desk, monkeypatch):
    monkeypatch.setattr(clockwork, "BATCH", 2)
    rules = [telling(desk, **AT_1005) for _ in range(5)]
    assert run(DUE) == 5
    assert all(len(executions(action)) == 1 for action in rules)


def test_timers_of_somebody_else_are_left_alone(desk):
    Timer.objects.create(owner_kind="order", owner_id=desk.portfolio.id, purpose="fire", due_at=NOW, epoch=1)
    assert run(DUE) == 0
    assert Timer.objects.count() == 1


def test_a_timer_whose_rule_is_gone_is_forgotten(desk):
    Timer.objects.create(owner_kind="action", owner_id=desk.portfolio.id, purpose="fire", due_at=NOW, epoch=1)
    assert run(DUE) == 1
    assert not Timer.objects.exists()
