"""Carrying out what fired: in each mode, once, within its time, and on after a crash."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.models import Alert
from automation import executing, lifecycle
from automation.effects import trade
from automation.models import Action, ActionExecution
from common.errors import Conflict
from orders.models import Order
from portfolios.models import Holding
from tests.automation.making import D, S, carry_out, executions, fresh, hold, rule, see, telling
from tests.orders.making import NOW, quote

pytestmark = pytest.mark.django_db
FIRED = NOW + S


def fired(desk, **changes) -> Action:
    """A rule that has fired at FIRED."""
    action = rule(desk, **changes)
    assert see("90", at=FIRED) >= 1
    return action


def only(action: Action) -> ActionExecution:
    (execution,) = executions(action)
    return execution


# --- modes
def test_auto_trades_and_completes_the_rule(desk):
    action = fired(desk)
    assert carry_out(now=FIRED) == 1
    execution = only(action)
    assert (execution.state, execution.attempts, execution.lease_until) == ("succeeded", 1, None)
    order = Order.objects.get()
    assert execution.details == {"effect": "order", "order": str(order.id), "order_state": "filled"}
    assert (order.source_id, order.trace_id) == (str(execution.id), execution.trace_id)
    assert order.idempotency_key == f"action:{action.id}:1"
    assert order.decision_price == D(90)
    assert Holding.objects.get(portfolio=desk.portfolio).quantity == 10
    assert fresh(action).status == "completed"


def test_selling_part_of_a_position(desk):
    hold(desk, quantity="100")
    fired(desk, action_type="SELL", percent_of_position="25")
    carry_out(now=FIRED)
    assert Holding.objects.get(portfolio=desk.portfolio).quantity == 75


def test_notify_orders_nothing_and_tells(desk):
    action = fired(desk, mode="notify")
    carry_out(now=FIRED)
    assert only(action).state == "succeeded"
    assert only(action).details == {"effect": "told", "shadow": "traded"}
    assert not Order.objects.exists()
    note = Alert.objects.get(kind="note")
    assert note.title == "Your rule says: Buy 10 AAPL. Nothing was ordered (mode: notify)."
    assert "AAPL is at or below $90" in note.body


def test_monitor_orders_nothing_and_says_nothing(desk):
    action = fired(desk, mode="monitor")
    carry_out(now=FIRED)
    assert only(action).state == "succeeded"
    assert only(action).details == {"effect": "recorded", "shadow": "traded"}
    assert not Order.objects.exists()
    assert not Alert.objects.exists()


def test_a_rule_that_tells_says_its_message(desk):
    telling(desk, message="Look at Apple")
    telling(desk)
    see("90", at=FIRED)
    carry_out(now=FIRED)
    titles = set(Alert.objects.filter(kind="note").values_list("title", flat=True))
    assert titles == {"Look at Apple", "AAPL is at or below $90"}


def test_a_limit_follows_the_price_at_firing(desk):
    fired(desk, order_type="limit", limit_offset="-1.5")
    carry_out(now=FIRED)
    assert Order.objects.get().limit_price == D("88.5")


def test_a_limit_that_falls_below_zero_fails_with_the_reason(desk):
    action = fired(desk, order_type="limit", limit_offset="-95")
    carry_out(now=FIRED)
    assert only(action).state == "failed"
    assert only(action).reason_code == "INVALID_ORDER"
    assert "limit_price" in only(action).error
    assert not Order.objects.exists()


# --- many
def test_a_portfolios_executions_go_together_and_portfolios_apart(desk, other, monkeypatch):
    chunks = []
    real = trade.place_many

    def place_many(*, portfolio_id, intents, now):
        chunks.append((portfolio_id, len(intents)))
        return real(portfolio_id=portfolio_id, intents=intents, now=now)

    monkeypatch.setattr(trade, "place_many", place_many)
    for _ in range(3):
        rule(desk, quantity="1")
    rule(other, quantity="1")
    see("90", at=FIRED)
    assert carry_out(now=FIRED) == 4
    assert sorted(count for _, count in chunks) == [1, 3]
    assert ActionExecution.objects.filter(state="succeeded").count() == 4


def test_more_than_a_chunk_and_no_more_than_the_limit(desk, monkeypatch):
    monkeypatch.setattr(executing, "CHUNK", 2)
    for _ in range(5):
        telling(desk)
    see("90", at=FIRED)
    assert executing.execute_pending(now=FIRED, limit=2) == 2
    assert executing.execute_pending(now=FIRED) == 3
    assert executing.execute_pending(now=FIRED) == 0


# --- no longer
def test_what_waited_too_long_expires_and_is_told(desk):
    action = fired(desk)
    carry_out(now=FIRED + timedelta(seconds=120))
    execution = only(action)
    assert (execution.state, execution.reason_code) == ("expired", "EXECUTION_EXPIRED")
    assert not Order.objects.exists()
    assert Alert.objects.filter(kind="expired", title__startswith="Too late: Buy 10 AAPL").exists()


def test_a_second_before_that_it_is_still_done(desk):
    action = fired(desk)
    carry_out(now=FIRED + timedelta(seconds=119))
    assert only(action).state != "expired"


@pytest.mark.parametrize(("verb", "code"), [(lifecycle.pause, "PAUSED"), (lifecycle.cancel, "CANCELLED")])
def test_a_rule_stopped_before_it_was_carried_out_does_nothing(desk, verb, code):
    action = fired(desk)
    verb(user=desk.user, action_id=action.id, now=FIRED + S, actor="ada")
    carry_out(now=FIRED + 2 * S)
    assert (only(action).state, only(action).reason_code) == ("skipped", code)
    assert not Order.objects.exists()
    assert fresh(action).executions_count == 0


# --- leases
def test_a_claimed_execution_is_left_to_its_worker_until_the_lease_ends(desk):
    action = fired(desk)
    assert len(executing.claim(now=FIRED, limit=10)) == 1
    assert executing.claim(now=FIRED + 19 * S, limit=10) == []
    (again,) = executing.claim(now=FIRED + 20 * S, limit=10)
    assert again.action_id == action.id
    assert only(action).attempts == 2


def test_a_worker_that_died_before_ordering_is_taken_over(desk):
    action = fired(desk)
    executing.claim(now=FIRED, limit=10)
    quote("AAPL", "90", at=FIRED + 20 * S)
    carry_out(now=FIRED + 20 * S)
    assert only(action).state == "succeeded"
    assert Order.objects.count() == 1


def test_a_worker_that_died_after_ordering_is_taken_over_without_a_second_order(desk, monkeypatch):
    action = fired(desk)
    (claimed,) = executing.claim(now=FIRED, limit=10)
    trade.TRADE.carry_out([claimed], now=FIRED)  # and dies before it records the result
    assert only(action).state == "running"
    assert carry_out(now=FIRED + 20 * S) == 1
    assert only(action).state == "succeeded"
    assert Order.objects.count() == 1
    assert Holding.objects.get(portfolio=desk.portfolio).quantity == 10


def test_one_whose_order_may_exist_is_carried_on_however_late_or_stopped(desk):
    """Only looking can tell whether the first worker ordered; the order's own expiry guards against a late one."""
    action = fired(desk)
    (claimed,) = executing.claim(now=FIRED, limit=10)
    trade.TRADE.carry_out([claimed], now=FIRED)
    lifecycle.cancel(user=desk.user, action_id=action.id, now=FIRED + S, actor="ada")
    carry_out(now=FIRED + timedelta(minutes=10))
    assert only(action).state == "succeeded"


def test_two_workers_that_both_finish_record_one_result(desk):
    from automation import settling
    from automation.effects.base import Done
    from automation.models import ExecutionState

    action = fired(desk)
    (claimed,) = executing.claim(now=FIRED, limit=10)
    for state in (ExecutionState.SUCCEEDED, ExecutionState.FAILED):
        settling.finish([(claimed, Done(state=state))], now=FIRED + S)
    assert only(action).state == "succeeded"
    assert fresh(action).executions_count == 1


def test_a_refused_effect_fails_its_executions_with_the_words_of_the_refusal(desk, monkeypatch):
    def place_many(**_):
        raise Conflict("Portfolio 'Main' has no broker account: open one before placing orders.")

    monkeypatch.setattr(trade, "place_many", place_many)
    action = fired(desk)
    carry_out(now=FIRED)
    assert (only(action).state, only(action).reason_code) == ("failed", "conflict")
    assert "has no broker account" in only(action).error
