"""What the end of an execution makes of its rule: done, tried again on the same level, or stopped for review."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from alerts.models import Alert
from automation import clockwork, executing, lifecycle, settling, sweeping
from automation.effects.base import Done
from automation.effects.trade import MEANING, done_for
from automation.evaluating import evaluate_quotes
from automation.models import Action, ActionExecution, ExecutionState
from live.models import Event
from orders.models import Order
from orders.placing import place
from orders.states import OrderState
from orders.submitting import submit_many
from safety import switch
from safety.models import SafetyPolicy
from tests.automation.making import MINUTE, D, S, carry_out, executions, fresh, hold, rule, see, timers_of, watch_of
from tests.orders.making import NOW, quote
from watches import machine

pytestmark = pytest.mark.django_db
FIRED = NOW + S
RETRY = timedelta(seconds=60)


def forbid(desk, *symbols: str) -> None:
    """The policy denies these symbols: about the rule, not about the moment."""
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=list(symbols))


def blocked(desk, *, at=FIRED, **changes) -> Action:
    """A rule whose first firing was denied."""
    forbid(desk, "AAPL")
    action = rule(desk, **changes)
    assert see("90", at=at) == 1
    carry_out(now=at)
    assert executions(action)[0].state == "blocked"
    return action


def again(*, at) -> int:
    """The sweeper and the engine at `at`, the price standing where it was."""
    quote("AAPL", "90", at=at)
    sweeping.rearm(at)
    fired = evaluate_quotes(now=at).fired
    carry_out(now=at)
    return fired


# --- what an order's end means
@pytest.mark.parametrize("state", OrderState)
def test_every_state_of_an_order_has_a_meaning(state):
    done = done_for(Order(id=uuid4(), state=state, filled_quantity=D(0), reason_code="R", reason="why"))
    assert done.state == MEANING[state]
    assert (done.reason_code, done.error) == ("R", "why")


@pytest.mark.parametrize("state", ["cancelled", "expired", "rejected"])
def test_an_order_that_ended_partly_filled_is_a_success(state):
    assert done_for(Order(id=uuid4(), state=state, filled_quantity=D("0.5"))).state == ExecutionState.SUCCEEDED
    assert done_for(Order(id=uuid4(), state=state, filled_quantity=D(0))).state != ExecutionState.SUCCEEDED


# --- blocked
def test_a_denied_firing_gives_its_turn_back_and_tries_again_on_the_same_level(desk):
    action = blocked(desk)
    after = fresh(action)
    assert (after.status, after.executions_count, after.failures_in_a_row) == ("active", 0, 1)
    watch = watch_of(action)
    assert (watch.phase, watch.rearm_at, watch.epoch) == (machine.RETRY, FIRED + RETRY, 2)
    assert again(at=FIRED + RETRY - S) == 0
    forbid(desk)
    assert again(at=FIRED + RETRY) == 1
    assert [e.state for e in executions(action)] == ["blocked", "succeeded"]
    assert (fresh(action).status, fresh(action).failures_in_a_row) == ("completed", 0)


def test_a_denial_is_told_with_its_reason(desk):
    blocked(desk)
    alert = Alert.objects.get(kind="blocked")
    assert alert.severity == "warning"
    assert alert.title.startswith("Blocked: Buy 10 AAPL (SYMBOL")
    assert "AAPL" in alert.body
    assert Event.objects.filter(topic="executions", kind="blocked").exists()


def test_the_wait_grows_and_the_third_failure_in_a_row_stops_the_rule(desk):
    action = blocked(desk)
    assert again(at=FIRED + RETRY) == 1
    assert watch_of(action).rearm_at == FIRED + RETRY + 2 * RETRY
    assert again(at=FIRED + 3 * RETRY) == 1
    stopped = fresh(action)
    assert stopped.status == "failed"
    assert stopped.status_reason.startswith("RULE_NEEDS_REVIEW: 3 executions in a row came to nothing, last SYMBOL")
    assert watch_of(action).phase == machine.OFF
    critical = Alert.objects.get(severity="critical")
    assert "The rule stopped: RULE_NEEDS_REVIEW" in critical.body
    assert again(at=FIRED + 60 * MINUTE) == 0


def test_the_same_denial_is_told_once_an_hour_not_at_every_try(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(failures_before_review=100)
    blocked(desk)
    for n in range(3):
        again(at=FIRED + (n + 1) * 10 * MINUTE)
    assert ActionExecution.objects.filter(state="blocked").count() == 4
    assert Alert.objects.filter(kind="blocked").count() == 1


def test_a_rule_in_a_loop_stops_at_once_and_says_why(desk):
    """Buy and sell again and again within the hour: the fourth buy is denied, and trying again would be the loop."""
    SafetyPolicy.objects.filter(user=desk.user).update(loop_round_trips=3)
    for turn in range(6):
        at = NOW + turn * MINUTE
        quote("AAPL", "100", at=at)
        order = place(desk.intent(side="buy" if turn % 2 == 0 else "sell"), now=at)
        submit_many([order.pk], now=at)
    at = NOW + 7 * MINUTE
    action = rule(desk, max_executions=None)
    assert see("90", at=at) == 1
    carry_out(now=at)
    (execution,) = executions(action)
    assert (execution.state, execution.reason_code) == ("blocked", "LOOP_SUSPECT")
    stopped = fresh(action)
    assert stopped.status == "failed"
    assert stopped.status_reason.startswith("LOOP_SUSPECT: Rules bought and sold AAPL 3 times over within 60 min")
    assert watch_of(action).phase == machine.OFF
    alert = Alert.objects.get(kind="blocked")
    assert alert.severity == "critical"
    assert "The rule stopped: LOOP_SUSPECT" in alert.body
    lifecycle.resume(user=desk.user, action_id=action.id, now=at + timedelta(hours=1), actor="ada")
    assert again(at=at + timedelta(hours=1)) == 1
    assert executions(action)[-1].state == "succeeded"


def test_in_a_loop_what_is_held_may_still_be_sold(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(loop_round_trips=1)
    hold(desk)
    for turn, side in enumerate(["buy", "sell"]):
        at = NOW + turn * MINUTE
        quote("AAPL", "100", at=at)
        submit_many([place(desk.intent(side=side), now=at).pk], now=at)
    at = NOW + 3 * MINUTE
    action = rule(desk, action_type="SELL")
    assert see("90", at=at) == 1
    carry_out(now=at)
    assert executions(action)[0].state == "succeeded"


def test_a_success_forgets_earlier_failures(desk):
    action = blocked(desk, max_executions=None)
    forbid(desk)
    again(at=FIRED + RETRY)
    assert (fresh(action).failures_in_a_row, fresh(action).status) == (0, "active")


def test_denials_of_the_moment_do_not_count_towards_review(desk):
    action = rule(desk)
    switch.kill(scope="user", user=desk.user, actor="ada", now=NOW)
    assert see("90", at=FIRED) == 1
    carry_out(now=FIRED)
    for n in range(5):
        assert again(at=FIRED + (n + 1) * RETRY) == 1
    assert {e.reason_code for e in executions(action)} == {"KILL_SWITCH_ACTIVE"}
    assert (fresh(action).status, fresh(action).failures_in_a_row) == ("active", 0)
    switch.resume(scope="user", user=desk.user, word="RESUME", actor="ada", now=FIRED)
    assert again(at=FIRED + 6 * RETRY) == 1
    assert fresh(action).status == "completed"


def test_what_came_too_late_does_not_count_towards_review_and_is_tried_again(desk):
    action = rule(desk)
    see("90", at=FIRED)
    carry_out(now=FIRED + 2 * MINUTE)
    assert (fresh(action).failures_in_a_row, fresh(action).executions_count) == (0, 0)
    assert watch_of(action).phase == machine.RETRY


def test_a_denied_stop_keeps_its_high(desk):
    hold(desk)
    trail = {"trigger_type": "trailing_stop", "trigger_params": {"percent": "5"}}
    action = rule(desk, action_type="SELL", quantity="10", **trail)
    see("200", at=NOW + S)
    forbid(desk, "AAPL")
    assert see("190", at=NOW + 2 * S) == 1
    carry_out(now=NOW + 2 * S)
    forbid(desk)
    at = NOW + 2 * S + RETRY
    quote("AAPL", "191", at=at)  # above the stop again: not yet
    sweeping.rearm(at)
    assert evaluate_quotes(now=at).fired == 0
    assert see("190", at=at + S) == 1
    carry_out(now=at + S)
    assert fresh(action).status == "completed"


def test_a_denied_clock_rule_waits_for_its_next_time(desk):
    forbid(desk, "AAPL")
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}}
    once, daily = rule(desk, **clock), rule(desk, max_executions=None, **clock)
    due = NOW + 5 * MINUTE
    quote("AAPL", "100", at=due)
    clockwork.run_due(now=due)
    carry_out(now=due)
    for action in (once, daily):
        assert executions(action)[0].state == "blocked"
        assert timers_of(action.id) == {"fire": due + timedelta(days=1)}
        assert fresh(action).next_evaluation_at == due + timedelta(days=1)


# --- the rule has changed meanwhile
def pending(desk, **changes) -> Action:
    """A rule that has fired, its execution not yet carried out, its symbol denied."""
    forbid(desk, "AAPL")
    action = rule(desk, **changes)
    assert see("90", at=FIRED) == 1
    return action


def test_a_trigger_edited_meanwhile_is_watched_as_it_is_now(desk):
    """Not the new level on the old series: 5 percent is not 5 dollars."""
    action = pending(desk)
    changes = {"trigger_type": "trailing_stop", "trigger_params": {"percent": "5", "side": "short"}}
    lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, now=FIRED + S, actor="ada")
    carry_out(now=FIRED + 2 * S)
    forbid(desk)
    assert again(at=FIRED + 2 * RETRY) == 0  # the first price it follows
    assert see("94.4", at=FIRED + 2 * RETRY + S) == 0
    assert see("94.5", at=FIRED + 2 * RETRY + 2 * S) == 1


def test_a_threshold_edited_while_its_last_execution_was_open_counts(desk):
    action = pending(desk)
    changes = {"trigger_params": {"threshold": "80"}}
    lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, now=FIRED + S, actor="ada")
    carry_out(now=FIRED + 2 * S)
    forbid(desk)
    assert again(at=FIRED + 2 * RETRY) == 0
    assert see("80", at=FIRED + 2 * RETRY + S) == 1


def test_an_edited_rule_that_is_watched_again_is_left_alone(desk):
    action = pending(desk, max_executions=None)
    changes = {"trigger_params": {"threshold": "80"}}
    lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, now=FIRED + S, actor="ada")
    carry_out(now=FIRED + 2 * S)
    assert (watch_of(action).phase, watch_of(action).level) == (machine.ARMED, 80)


@pytest.mark.parametrize("verb", [lifecycle.pause, lifecycle.cancel])
def test_a_rule_stopped_meanwhile_is_not_armed_again(desk, verb):
    action = pending(desk)
    claimed = executing.claim(now=FIRED, limit=1)
    verb(user=desk.user, action_id=action.id, now=FIRED + S, actor="ada")
    executing.carry_out(claimed, now=FIRED + 2 * S)
    assert watch_of(action).phase == machine.OFF
    assert again(at=FIRED + 5 * RETRY) == 0


def test_a_failed_execution_by_hand_leaves_the_trigger_as_it_was(desk):
    forbid(desk, "AAPL")
    action = rule(desk, max_executions=2)
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=FIRED, actor="ada")
    carry_out(now=FIRED)
    assert watch_of(action).phase == machine.ARMED
    last = rule(desk)
    lifecycle.execute_now(user=desk.user, action_id=last.id, now=FIRED, actor="ada")
    carry_out(now=FIRED)
    assert (watch_of(last).phase, fresh(last).executions_count) == (machine.ARMED, 0)


# --- working orders
def resting(desk) -> Action:
    """A rule whose limit order waits at 85."""
    action = rule(desk, order_type="limit", limit_price="85", time_in_force="gtc")
    assert see("90", at=FIRED) == 1
    carry_out(now=FIRED)
    return action


def test_an_execution_runs_as_long_as_its_order_works(desk):
    action = resting(desk)
    (execution,) = executions(action)
    assert (execution.state, execution.lease_until, execution.finished_at) == ("running", None, None)
    assert settling.settle(now=FIRED + S) == 1
    assert carry_out(now=FIRED + 5 * MINUTE) == 0  # no lease runs out on it
    assert (executions(action)[0].state, fresh(action).status) == ("running", "active")


def test_the_end_of_its_order_ends_the_execution_and_completes_the_rule(desk):
    action = resting(desk)
    Order.objects.update(state="filled", filled_quantity=10, closed_at=FIRED + MINUTE)
    assert settling.settle([executions(action)[0].id], now=FIRED + MINUTE) == 1
    (execution,) = executions(action)
    assert (execution.state, execution.finished_at) == ("succeeded", FIRED + MINUTE)
    assert fresh(action).status == "completed"
    assert settling.settle([execution.id], now=FIRED + 2 * MINUTE) == 0


def test_an_order_the_broker_rejected_is_a_failure_that_is_tried_again(desk):
    action = resting(desk)
    Order.objects.update(state="rejected", reason_code="BROKER_REJECTED", reason="no such symbol", closed_at=FIRED)
    settling.settle(now=FIRED + S)
    (execution,) = executions(action)
    assert (execution.state, execution.reason_code, execution.error) == ("failed", "BROKER_REJECTED", "no such symbol")
    assert (fresh(action).executions_count, fresh(action).failures_in_a_row) == (0, 1)
    assert watch_of(action).phase == machine.RETRY
    assert Alert.objects.filter(kind="failure").exists()


def test_an_unknown_outcome_holds_its_turn_until_it_is_known(desk):
    action = rule(desk)
    see("90", at=FIRED)
    claimed = executing.claim(now=FIRED, limit=1)
    settling.finish([(claimed[0], Done(state=ExecutionState.UNKNOWN))], now=FIRED + S)
    assert (executions(action)[0].state, fresh(action).executions_count) == ("unknown", 1)
    assert again(at=FIRED + 2 * RETRY) == 0
    settling.finish([(claimed[0], Done(state=ExecutionState.SUCCEEDED))], now=FIRED + 3 * RETRY)
    assert (executions(action)[0].state, fresh(action).status) == ("succeeded", "completed")


def test_a_rule_completes_when_the_last_of_its_executions_has(desk):
    action = rule(desk, order_type="limit", limit_price="85", max_executions=2)
    for n in range(2):
        see("90", at=FIRED + 2 * n * S)
        see("91", at=FIRED + (2 * n + 1) * S)
    carry_out(now=FIRED + 4 * S)
    first, second = Order.objects.order_by("id")
    Order.objects.filter(id=second.id).update(state="filled", filled_quantity=10)
    settling.settle(now=FIRED + 5 * S)
    assert fresh(action).status == "active"
    Order.objects.filter(id=first.id).update(state="filled", filled_quantity=10)
    settling.settle(now=FIRED + 6 * S)
    assert fresh(action).status == "completed"
