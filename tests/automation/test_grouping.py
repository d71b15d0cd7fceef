"""One cancels other: while one member executes the others are held, its success cancels them, else they go on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from automation import clockwork, evaluating, grouping, lifecycle, settling, sweeping
from automation.explaining import explain
from automation.models import Action, ActionExecution, ActionVersion
from common.errors import Conflict, NotFound
from live.models import Event
from orders.models import Order
from safety.models import SafetyPolicy
from tests.automation.making import (
    MINUTE,
    S,
    carry_out,
    executions,
    fresh,
    hold,
    rule,
    see,
    telling,
    timers_of,
    watch_of,
)
from tests.orders.making import NOW, quote
from watches import machine

pytestmark = pytest.mark.django_db
AT = NOW + S


def bracket(desk, **changes: Any) -> tuple[Action, Action]:
    """A target and a stop on one holding."""
    hold(desk, quantity="10")
    common = {"action_type": "SELL", "quantity": "10", "group": "aapl exit", **changes}
    target = rule(desk, trigger_type="price_above", trigger_params={"threshold": "110"}, **common)
    stop = rule(desk, trigger_type="price_below", trigger_params={"threshold": "90"}, now=NOW + S / 10, **common)
    return target, stop


def statuses(*actions: Action) -> list[tuple[str, bool]]:
    return [(action.status, action.held_by is not None) for action in map(fresh, actions)]


def by(desk, action: Action, at=AT) -> dict[str, Any]:
    return {"user": desk.user, "action_id": action.id, "now": at, "actor": "ada"}


# --- a member fires
def test_the_firing_holds_the_others_and_the_success_cancels_them(desk):
    target, stop = bracket(desk)
    assert see("110", at=AT) == 1
    (execution,) = executions(target)
    held = fresh(stop)
    assert (held.status, held.held_by) == ("active", execution.id)
    assert watch_of(stop).phase == machine.OFF
    assert explain(held, now=AT).status_line.startswith("Held: another rule of the group 'aapl exit' is executing")
    assert see("89", at=AT + S) == 0
    carry_out(now=AT + S)
    assert statuses(target, stop) == [("completed", False), ("cancelled", False)]
    assert fresh(stop).status_reason.startswith("One cancels other: its group mate executed (Sell 10 AAPL when AAPL is")
    version = ActionVersion.objects.get(action=stop, version=2)
    assert (version.changes, version.actor) == ({"status": ["active", "cancelled"]}, "group aapl exit")
    kinds = list(Event.objects.filter(payload__action=str(stop.id)).order_by("id").values_list("kind", flat=True))
    assert kinds == ["created", "held", "cancelled"]
    assert Order.objects.count() == 1
    assert see("80", at=AT + 9 * S) == 0


def test_of_two_reached_in_one_batch_the_one_created_first_fires(desk):
    target, stop = bracket(desk)
    quote("AAPL", "110", at=AT)
    quote("AAPL", "90", at=AT + S / 10)
    assert evaluating.evaluate_quotes(now=AT + S / 10).fired == 1
    assert [len(executions(action)) for action in (target, stop)] == [1, 0]
    assert statuses(target, stop) == [("active", False), ("active", True)]
    carry_out(now=AT + S)
    assert statuses(target, stop) == [("completed", False), ("cancelled", False)]
    assert Order.objects.get().side == "sell"


@pytest.mark.parametrize("mode", ["monitor", "notify"])
def test_recording_and_telling_count_as_executing(desk, mode):
    target, stop = bracket(desk, mode=mode)
    see("90", at=AT)
    carry_out(now=AT)
    assert statuses(target, stop) == [("cancelled", False), ("completed", False)]


def test_a_clock_holds_and_is_held_like_any_other(desk):
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}, "group": "g"}
    first, second = telling(desk, **clock), telling(desk, now=NOW + S, **clock)
    price = telling(desk, group="g")
    due = NOW + 5 * MINUTE
    clockwork.run_due(now=due)
    assert [len(executions(action)) for action in (first, second, price)] == [1, 0, 0]
    assert statuses(first, second, price) == [("active", False), ("active", True), ("active", True)]
    assert timers_of(second.id) == {}
    assert (fresh(second).next_evaluation_at, watch_of(price).phase) == (None, machine.OFF)
    carry_out(now=due)
    assert [status for status, _ in statuses(first, second, price)] == ["completed", "cancelled", "cancelled"]


def test_an_execution_by_hand_holds_the_others(desk):
    target, stop = bracket(desk)
    lifecycle.execute_now(**by(desk, stop))
    assert statuses(target, stop) == [("active", True), ("active", False)]
    with pytest.raises(Conflict, match="another rule of its group 'aapl exit' is executing"):
        lifecycle.execute_now(**by(desk, target))
    carry_out(now=AT)
    assert statuses(target, stop) == [("cancelled", False), ("completed", False)]


def test_other_groups_other_users_and_rules_without_one_are_left_alone(desk, other):
    target, _ = bracket(desk)
    apart = [telling(desk), telling(desk, group="another"), telling(other, group="aapl exit")]
    see("110", at=AT)
    carry_out(now=AT)
    assert statuses(target, *apart) == [("completed", False), *[("active", False)] * 3]


def test_nobody_elses_group_can_be_touched(desk, other):
    target, stop = bracket(desk)
    with pytest.raises(NotFound):
        lifecycle.execute_now(user=other.user, action_id=target.id, now=AT, actor="bob")
    assert statuses(target, stop) == [("active", False), ("active", False)]


def test_a_paused_member_is_not_held(desk):
    target, stop = bracket(desk)
    lifecycle.pause(**by(desk, stop))
    see("110", at=AT)
    carry_out(now=AT)
    assert statuses(target, stop) == [("completed", False), ("paused", False)]


def test_a_skipped_firing_holds_nobody(desk):
    quiet = {"trigger_type": "price_above", "symbol": "MSFT", "trigger_params": {"threshold": "200"}}
    target, stop = bracket(desk, conditions=[quiet])
    assert see("110", at=AT) == 0
    assert statuses(target, stop) == [("active", False), ("active", False)]


# --- it came to nothing
def test_a_denied_execution_lets_the_others_go_under_a_fresh_epoch(desk):
    target, stop = bracket(desk)
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    see("110", at=AT)
    carry_out(now=AT)
    assert executions(target)[0].state == "blocked"
    assert statuses(target, stop) == [("active", False), ("active", False)]
    assert (watch_of(stop).phase, watch_of(stop).epoch, fresh(stop).epoch) == (machine.ARMED, 2, 2)
    assert Event.objects.filter(payload__action=str(stop.id), kind="released").exists()
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=[])
    assert see("90", at=AT + S) == 1
    assert statuses(target, stop) == [("active", True), ("active", False)]
    carry_out(now=AT + S)
    assert statuses(target, stop) == [("cancelled", False), ("completed", False)]


def test_an_execution_that_expired_or_was_stopped_lets_them_go_too(desk):
    target, stop = bracket(desk)
    see("110", at=AT)
    carry_out(now=AT + timedelta(seconds=121))
    assert statuses(target, stop)[1] == ("active", False)
    lifecycle.execute_now(**by(desk, target, AT + timedelta(seconds=122)))
    lifecycle.cancel(**by(desk, target, AT + timedelta(seconds=123)))
    assert statuses(target, stop) == [("cancelled", False), ("active", True)]
    carry_out(now=AT + timedelta(seconds=124))
    assert statuses(target, stop)[1] == ("active", False)


def test_while_an_order_works_the_others_stay_held_and_its_end_decides(desk):
    target, stop = bracket(desk, order_type="limit", limit_price="120")
    see("110", at=AT)
    carry_out(now=AT)
    assert executions(target)[0].state == "running"
    settling.settle(now=AT + S)
    sweeping.sweep(AT + 2 * S)
    assert statuses(target, stop) == [("active", False), ("active", True)]
    Order.objects.update(state="filled", filled_quantity=10)
    settling.settle(now=AT + 3 * S)
    assert statuses(target, stop) == [("completed", False), ("cancelled", False)]


def test_a_second_firing_of_the_same_member_goes_on_holding_them(desk):
    common = {"group": "g", "order_type": "limit", "limit_price": "85", "quantity": "1"}
    often = rule(desk, max_executions=None, **common)
    mate = telling(desk, group="g", trigger_params={"threshold": "10"})
    for n, price in enumerate(("90", "91", "90")):
        see(price, at=AT + n * S)
    carry_out(now=AT + 2 * S)
    first, second = executions(often)
    assert fresh(mate).held_by == first.id
    Order.objects.filter(source_id=str(first.id)).update(state="cancelled")
    settling.settle(now=AT + 3 * S)
    assert fresh(mate).held_by == second.id
    Order.objects.filter(source_id=str(second.id)).update(state="filled", filled_quantity=1)
    settling.settle(now=AT + 4 * S)
    assert statuses(often, mate) == [("active", False), ("cancelled", False)]


# --- what a held rule may be
def test_a_held_rule_may_be_paused_and_is_cancelled_all_the_same(desk):
    target, stop = bracket(desk)
    see("110", at=AT)
    lifecycle.pause(**by(desk, stop))
    assert statuses(stop) == [("paused", True)]
    lifecycle.resume(**by(desk, stop))
    assert (statuses(stop), watch_of(stop).phase) == ([("active", True)], machine.OFF)
    lifecycle.pause(**by(desk, stop))
    carry_out(now=AT)
    assert statuses(target, stop) == [("completed", False), ("cancelled", False)]


def test_a_held_rule_may_be_cancelled(desk):
    _, stop = bracket(desk)
    see("110", at=AT)
    lifecycle.cancel(**by(desk, stop))
    assert statuses(stop) == [("cancelled", False)]
    carry_out(now=AT)
    assert fresh(stop).status_reason == ""


def test_an_edit_leaves_it_held_and_leaving_the_group_frees_it(desk):
    _, stop = bracket(desk)
    see("110", at=AT)
    lifecycle.update_action(changes={"trigger_params": {"threshold": "85"}}, **by(desk, stop))
    assert (statuses(stop), watch_of(stop).phase) == ([("active", True)], machine.OFF)
    lifecycle.update_action(changes={"group": ""}, **by(desk, stop))
    assert (statuses(stop), watch_of(stop).phase) == ([("active", False)], machine.ARMED)
    carry_out(now=AT)
    assert statuses(stop) == [("active", False)]


def test_who_joins_while_a_member_executes_is_held_from_the_start(desk):
    target, _ = bracket(desk, order_type="limit", limit_price="120")
    see("110", at=AT)
    carry_out(now=AT)
    late = telling(desk, group="aapl exit", trigger_params={"threshold": "120"}, now=AT + S)
    assert statuses(late) == [("active", True)]
    assert executions(late) == []
    moved = telling(desk, trigger_params={"threshold": "1"}, now=AT + S)
    lifecycle.update_action(changes={"group": "aapl exit"}, **by(desk, moved, AT + S))
    assert statuses(moved) == [("active", True)]
    Order.objects.update(state="cancelled")
    settling.settle(now=AT + 2 * S)
    assert statuses(target, late, moved) == [("active", False)] * 3
    assert watch_of(late).phase == machine.ARMED


def test_who_joins_while_executing_itself_holds_the_others(desk):
    mate = telling(desk, group="g", trigger_params={"threshold": "1"})
    busy = rule(desk, order_type="limit", limit_price="85", max_executions=2)
    see("90", at=AT)
    carry_out(now=AT)
    lifecycle.update_action(changes={"group": "g"}, **by(desk, busy))
    assert statuses(busy, mate) == [("active", False), ("active", True)]


def test_a_held_rules_window_still_ends(desk):
    until = {"valid_until": (NOW + MINUTE).isoformat()}
    _, stop = bracket(desk, **until)
    see("110", at=AT)
    assert timers_of(stop.id) == {"expire": NOW + MINUTE}
    clockwork.run_due(now=NOW + MINUTE)
    assert fresh(stop).status == "expired"
    carry_out(now=AT)
    assert statuses(stop) == [("expired", False)]


# --- what should be impossible
def test_the_sweeper_frees_who_is_held_by_nothing(desk):
    target, stop = bracket(desk)
    Action.objects.filter(id=stop.id).update(held_by=uuid4())
    assert grouping.end_forgotten(now=AT) == 1
    assert statuses(target, stop) == [("active", False), ("active", False)]
    assert grouping.end_forgotten(now=AT) == 0


def test_the_sweeper_does_what_the_end_of_the_holder_should_have(desk):
    target, stop = bracket(desk)
    see("110", at=AT)
    ActionExecution.objects.filter(action=target).update(state="succeeded", finished_at=AT)
    sweeping.sweep(AT + S)
    assert statuses(stop) == [("cancelled", False)]


def test_rules_without_groups_cost_one_query_more_in_a_batch(desk, django_assert_max_num_queries):
    for _ in range(30):
        telling(desk, mode="monitor")
    quote("AAPL", "90", at=AT)
    with django_assert_max_num_queries(25):
        assert evaluating.evaluate_quotes(now=AT).fired == 30
