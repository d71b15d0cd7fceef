"""From quotes to firings: exactly once, only while the rule stands behind it, and never on what is not usable."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError

from alerts.models import Alert
from automation import evaluating, lifecycle
from automation.models import Action, ActionExecution
from live.models import Event
from markets.models import Quote
from markets.quoting import record_ticks
from markets.types import Tick
from tests.automation.making import D, S, executions, fresh, rule, see, see_volume, telling, timers_of, watch_of
from tests.orders.making import NOW, forget_messages, messages, quote
from watches import crossing, machine
from watches.models import Watch

pytestmark = pytest.mark.django_db


def test_a_firing_is_one_execution_with_what_was_seen(desk):
    action = rule(desk)
    assert see("90.01", at=NOW + S) == 0
    assert see("89.5", at=NOW + 2 * S) == 1
    assert see("89", at=NOW + 3 * S) == 0
    (execution,) = executions(action)
    assert (execution.epoch, execution.state, execution.cause) == (1, "pending", "trigger")
    assert execution.expires_at == NOW + 2 * S + timedelta(seconds=120)
    seen = execution.observation
    assert (seen["value"], seen["level"], seen["price"], seen["source"]) == ("89.5", "90", "89.5", "test")
    assert seen["quote_time"] == (NOW + 2 * S).isoformat()
    after = fresh(action)
    assert (after.epoch, after.executions_count, after.last_triggered_at) == (2, 1, NOW + 2 * S)


def test_the_owner_is_told_once_and_the_executors_are_woken_after_commit(desk, django_capture_on_commit_callbacks):
    action = rule(desk)
    forget_messages()
    with django_capture_on_commit_callbacks(execute=True):
        see("90", at=NOW + S)
    assert ("automation.execute", {}) in messages()
    alert = Alert.objects.get(kind="firing")
    assert alert.title == "Fired: Buy 10 AAPL when AAPL is at or below $90"
    assert "price $90" in alert.body
    event = Event.objects.get(topic="executions", kind="fired")
    assert event.payload["action"] == str(action.id)
    assert event.trace_id == alert.trace_id == executions(action)[0].trace_id


def test_a_rule_in_monitor_mode_records_and_says_nothing(desk):
    action = rule(desk, mode="monitor")
    assert see("90", at=NOW + S) == 1
    assert len(executions(action)) == 1
    assert not Alert.objects.exists()


def test_every_rule_a_price_reaches_fires_in_one_batch(desk, other):
    reached = [telling(desk, trigger_params={"threshold": str(t)}) for t in (90, 95, 99)]
    theirs = telling(other, trigger_params={"threshold": "95"})
    spared = telling(desk, trigger_params={"threshold": "89"})
    elsewhere = telling(desk, symbol="MSFT")
    assert see("90", at=NOW + S) == 4
    assert all(len(executions(action)) == 1 for action in [*reached, theirs])
    assert not executions(spared) and not executions(elsewhere)


@pytest.mark.parametrize("maximum", [1, 3, None])
def test_a_rule_fires_as_often_as_it_may(desk, maximum):
    action = telling(desk, max_executions=maximum)
    for n in range(5):
        see("90", at=NOW + (2 * n + 1) * S)
        see("91", at=NOW + (2 * n + 2) * S)
    assert len(executions(action)) == (maximum or 5)
    assert [e.epoch for e in executions(action)] == list(range(1, (maximum or 5) + 1))
    assert (watch_of(action).phase == machine.OFF) == (maximum is not None)


def test_a_cooldown_is_kept_and_what_is_true_when_it_ends_fires(desk):
    action = telling(desk, max_executions=None, cooldown_seconds=10)
    see("90", at=NOW + S)
    see("91", at=NOW + 2 * S)
    assert see("90", at=NOW + 5 * S) == 0
    assert watch_of(action).phase == machine.COOLING
    assert see("89", at=NOW + 11 * S) == 1


# --- the rule no longer stands behind it
@pytest.mark.parametrize("status", ["paused", "cancelled", "expired", "failed", "completed"])
def test_a_watch_of_a_rule_that_is_not_active_does_not_fire_and_is_switched_off(desk, status):
    action = rule(desk)
    Action.objects.filter(id=action.id).update(status=status)  # as if the watch had been left behind
    assert see("90", at=NOW + S) == 0
    assert executions(action) == []
    assert watch_of(action).phase == machine.OFF


def test_a_hit_of_an_older_epoch_is_stale(desk):
    action = rule(desk)
    Action.objects.filter(id=action.id).update(epoch=2)
    assert see("90", at=NOW + S) == 0
    assert watch_of(action).phase == machine.OFF


def test_a_watch_without_its_rule_is_switched_off(desk):
    action = rule(desk)
    Watch.objects.filter(owner_id=action.id).update(owner_id=desk.portfolio.id)
    assert see("90", at=NOW + S) == 0
    assert Watch.objects.get().phase == machine.OFF


def test_a_used_up_rule_does_not_fire_again(desk):
    action = rule(desk)
    Action.objects.filter(id=action.id).update(executions_count=1)
    assert see("90", at=NOW + S) == 0


def test_what_is_seen_after_the_window_does_not_count(desk):
    action = rule(desk, valid_until=(NOW + 10 * S).isoformat())
    assert see("90", at=NOW + 11 * S) == 0
    assert executions(action) == []


def test_what_is_seen_in_the_last_second_of_the_window_counts(desk):
    action = rule(desk, valid_until=(NOW + 10 * S).isoformat())
    assert see("90", at=NOW + 10 * S) == 1
    assert len(executions(action)) == 1


def test_before_its_window_a_rule_is_not_watched_and_then_the_standing_price_counts(desk):
    from automation.clockwork import run_due

    action = rule(desk, valid_from=(NOW + 10 * S).isoformat())
    assert see("80", at=NOW + 5 * S) == 0
    assert not Watch.objects.filter(owner_id=action.id).exists()
    assert timers_of(action.id) == {"arm": NOW + 10 * S}
    run_due(now=NOW + 10 * S)
    assert evaluating.evaluate_quotes(now=NOW + 11 * S).fired == 1  # 80, seen five seconds before it began


# --- what is not usable
def test_a_quote_older_than_two_minutes_fires_nothing(desk):
    action = rule(desk)
    quote("AAPL", "90", at=NOW + S)
    assert evaluating.evaluate_quotes(now=NOW + 121 * S).fired == 0
    assert executions(action) == []
    assert not Quote.objects.filter(dirty=True).exists()
    assert watch_of(action).phase == machine.ARMED


def test_the_first_price_after_a_long_silence_does_not_bring_the_old_extreme_back(desk):
    action = rule(desk)
    quote("AAPL", "90", at=NOW + S)  # nobody evaluates
    assert see("100", at=NOW + 301 * S) == 0
    assert executions(action) == []


@pytest.mark.parametrize(
    "changes",
    [{"price": D("NaN")}, {"price": D(0)}, {"price": D(-90)}, {"price": D("Infinity")}, {"session": "extended"},
     {"bid": D(91), "ask": D(90)}, {"at": NOW - S}],
)  # fmt: skip
def test_an_unusable_tick_fires_nothing(desk, changes):
    action = rule(desk)
    evaluating.evaluate_quotes(now=NOW)
    usual = {"symbol": "AAPL", "price": D(90), "at": NOW + S, "source": "test", "session_date": NOW.date()}
    assert record_ticks(ticks=[Tick(**{**usual, **changes})], now=NOW + S).recorded == 0
    assert evaluating.evaluate_quotes(now=NOW + S).fired == 0
    assert executions(action) == []


def test_volume_and_change_fire_through_the_same_road(desk):
    volume = telling(desk, trigger_type="volume_above", trigger_params={"threshold": "5000"})
    change = telling(desk, trigger_type="change_pct", trigger_params={"change": "3", "direction": "up"})
    assert see_volume("4999", at=NOW + S) == 0
    assert see_volume("5000", at=NOW + 2 * S) == 1
    Quote.objects.filter(instrument="AAPL").update(prev_close=100)
    ticks = [Tick(symbol="AAPL", price=D(103), at=NOW + 3 * S, source="test", session_date=NOW.date())]
    record_ticks(ticks=ticks, now=NOW + 3 * S)
    assert evaluating.evaluate_quotes(now=NOW + 3 * S).fired == 1
    assert len(executions(volume)) == len(executions(change)) == 1


# --- robust
def test_the_same_quotes_evaluated_twice_fire_once(desk):
    action = telling(desk, max_executions=None)
    quote("AAPL", "90", at=NOW + S)
    assert evaluating.evaluate_quotes(now=NOW + S).fired == 1
    assert evaluating.evaluate_quotes(now=NOW + S).claimed == 0
    assert len(executions(action)) == 1


def test_more_quotes_than_a_batch_are_all_evaluated(desk, monkeypatch):
    monkeypatch.setattr(evaluating, "BATCH", 2)
    for symbol in ("AAPL", "MSFT", "NVDA", "TSLA"):
        telling(desk, symbol=symbol)
        quote(symbol, "90", at=NOW + S)
    done = evaluating.evaluate_quotes(now=NOW + S)
    assert (done.claimed, done.fired) == (4, 4)


def test_a_deadlock_is_tried_again_and_nothing_is_lost(desk, monkeypatch):
    action = rule(desk)
    scan, raised = crossing.scan, []

    def deadlocked(*args):
        if len(raised) < 2:
            raised.append(1)
            raise OperationalError("deadlock detected")
        return scan(*args)

    monkeypatch.setattr(crossing, "scan", deadlocked)
    assert see("90", at=NOW + S) == 1
    assert len(executions(action)) == 1


def test_another_database_error_is_raised_at_once_and_the_quote_is_evaluated_later(desk, monkeypatch):
    action = rule(desk)

    def broken(*args):
        raise OperationalError("the connection is closed")

    with monkeypatch.context() as patched:
        patched.setattr(crossing, "scan", broken)
        with pytest.raises(OperationalError, match="connection"):
            see("90", at=NOW + S)
    assert evaluating.evaluate_quotes(now=NOW + 2 * S).fired == 1
    assert len(executions(action)) == 1


def test_the_database_says_no_to_a_second_execution_of_an_epoch(desk):
    from django.db import IntegrityError, transaction

    action = rule(desk)
    see("90", at=NOW + S)
    (execution,) = executions(action)
    execution.pk = None
    with pytest.raises(IntegrityError, match="one_execution_per_action_and_epoch"), transaction.atomic():
        ActionExecution.objects.create(
            action=action, epoch=1, triggered_at=NOW, expires_at=NOW, trace_id=execution.trace_id
        )


def test_a_rule_edited_between_two_prices_fires_at_its_new_level_only(desk):
    action = telling(desk)
    quote("AAPL", "90", at=NOW + S)  # reaches the old level, not evaluated yet
    changes = {"trigger_params": {"threshold": "85"}}
    lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, now=NOW + 2 * S, actor="ada")
    assert evaluating.evaluate_quotes(now=NOW + 3 * S).fired == 0
    assert see("85", at=NOW + 4 * S) == 1
    assert executions(action)[0].observation["level"] == "85"
