"""What a person can do with a rule: every transition, what re-arms it, what is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from automation import lifecycle
from automation.models import TRANSITIONS, Action, ActionExecution, ActionStatus, ActionVersion
from common.errors import Conflict, InvalidInput, NotFound
from common.ids import new_id
from live.models import Event
from tests.automation.making import S, carry_out, executions, fresh, hold, rule, see, telling, timers_of, watch_of
from tests.orders.making import NOW
from watches import machine
from watches.models import Watch

pytestmark = pytest.mark.django_db
LATER = NOW + S
BY = {"actor": "ada", "now": LATER}


def edit(desk, action, *, now=LATER, **changes) -> Action:
    return lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, now=now, actor="ada")


# --- creating
def test_a_new_rule_is_armed_and_its_making_kept(desk):
    action = rule(desk)
    assert (action.status, action.epoch, action.version) == ("active", 1, 1)
    watch = watch_of(action)
    assert (watch.phase, watch.direction, watch.level, watch.epoch) == (machine.ARMED, -1, 90, 1)
    version = ActionVersion.objects.get(action=action)
    assert version.actor == "ada"
    assert version.changes["created"][1]["quantity"] == "10"
    assert Event.objects.filter(user=desk.user, topic="actions", kind="created").exists()


def test_a_rule_that_is_already_true_fires_on_the_standing_price(desk):
    see("80", at=NOW)
    action = rule(desk, now=LATER)
    from automation.evaluating import evaluate_quotes

    assert evaluate_quotes(now=LATER).fired == 1
    assert len(executions(action)) == 1


# --- status
VERBS = {"active": lifecycle.resume, "paused": lifecycle.pause, "cancelled": lifecycle.cancel}


@pytest.mark.parametrize("old", ActionStatus.values)
@pytest.mark.parametrize("new", VERBS)
def test_each_transition_is_allowed_or_refused_as_written_beside_the_states(desk, old, new):
    action = rule(desk)
    Action.objects.filter(id=action.id).update(status=old)
    call = lambda: VERBS[new](user=desk.user, action_id=action.id, **BY)  # noqa: E731
    if new == old:
        assert call().version == 1  # asking twice is harmless
    elif new in TRANSITIONS[old]:
        changed = call()
        assert changed.status == new
        assert ActionVersion.objects.filter(action=action, version=2, changes={"status": [old, new]}).exists()
    else:
        with pytest.raises(Conflict, match=f"is {old}: it cannot become {new}"):
            call()
        assert fresh(action).status == old


def test_a_paused_rule_is_not_watched_and_resumes_afresh(desk):
    action = telling(desk, trigger_type="trailing_stop", trigger_params={"percent": "5"})
    see("200", at=NOW + S)
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW + 2 * S, actor="ada")
    assert watch_of(action).phase == machine.OFF
    assert see("150", at=NOW + 3 * S) == 0
    lifecycle.resume(user=desk.user, action_id=action.id, now=NOW + 4 * S, actor="ada")
    assert see("149", at=NOW + 5 * S) == 0  # the old high of 200 is forgotten: this is the new one
    assert see("141.56", at=NOW + 6 * S) == 0
    assert see("141.55", at=NOW + 7 * S) == 1


def test_a_rule_that_gave_up_starts_with_a_clean_slate(desk):
    action = rule(desk)
    Action.objects.filter(id=action.id).update(status="failed", status_reason="why", failures_in_a_row=3)
    resumed = lifecycle.resume(user=desk.user, action_id=action.id, **BY)
    assert (resumed.failures_in_a_row, resumed.status_reason) == (0, "")
    assert watch_of(action).phase == machine.ARMED


def test_a_rule_whose_window_is_over_cannot_be_resumed(desk):
    action = rule(desk, valid_until=(NOW + 10 * S).isoformat())
    lifecycle.pause(user=desk.user, action_id=action.id, **BY)
    with pytest.raises(Conflict, match="valid_until has passed"):
        lifecycle.resume(user=desk.user, action_id=action.id, now=NOW + 10 * S, actor="ada")


def test_a_rule_that_has_done_all_its_executions_cannot_be_resumed_to_wait_for_nothing(desk):
    action = telling(desk)
    see("90", at=NOW + S)
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW + 2 * S, actor="ada")
    ActionExecution.objects.filter(action=action).update(state="succeeded", finished_at=NOW + 3 * S)
    with pytest.raises(Conflict, match="1 of 1 executions: raise max_executions, then resume it"):
        lifecycle.resume(user=desk.user, action_id=action.id, now=NOW + 4 * S, actor="ada")
    both = edit(desk, action, status="active", max_executions=2)
    assert both.status == "active"
    assert watch_of(action).phase == machine.ARMED


# --- editing
def test_an_edit_of_the_trigger_arms_afresh_and_leaves_a_version(desk):
    action = rule(desk)
    edited = edit(desk, action, trigger_params={"threshold": "80"})
    assert (edited.epoch, edited.version) == (2, 2)
    assert (watch_of(action).level, watch_of(action).epoch) == (80, 2)
    version = ActionVersion.objects.get(action=action, version=2)
    assert version.changes == {"trigger_params": [action.trigger_params, edited.trigger_params]}


@pytest.mark.parametrize(
    ("changes", "rearms"),
    [({"trigger_params": {"threshold": "80"}}, True),
     ({"trigger_type": "price_above", "trigger_params": {"threshold": "200"}}, True),
     ({"symbol": "MSFT"}, True), ({"max_executions": 5}, True), ({"cooldown_seconds": 60}, True),
     ({"valid_until": "2027-01-01T00:00:00Z"}, True), ({"valid_from": "2026-11-21T00:00:00Z"}, True),
     ({"name": "n"}, False), ({"notes": "n"}, False), ({"quantity": "5"}, False), ({"amount_usd": "500"}, False),
     ({"mode": "notify"}, False), ({"order_type": "limit", "limit_offset": "1"}, False),
     ({"time_in_force": "gtc"}, False)],
)  # fmt: skip
def test_only_what_the_trigger_depends_on_arms_afresh(desk, changes, rearms):
    action = rule(desk)
    before = watch_of(action)
    edited = edit(desk, action, **changes)
    assert edited.epoch == (2 if rearms else 1)
    assert edited.version == 2
    if not rearms:
        after = watch_of(action)
        assert (after.armed_at, after.epoch, after.phase) == (before.armed_at, before.epoch, before.phase)


def test_writing_the_same_again_changes_nothing(desk):
    action = rule(desk)
    edited = edit(desk, action, trigger_params={"threshold": 90.0, "edge": "level"}, quantity="10.0", symbol="aapl")
    assert (edited.epoch, edited.version) == (1, 1)


def test_a_new_size_replaces_the_old_one(desk):
    edited = edit(desk, rule(desk), amount_usd="500")
    assert (edited.quantity, edited.amount_usd) == (None, 500)


def test_another_order_type_drops_the_prices_of_the_old_one(desk):
    action = rule(desk, order_type="limit", limit_price="89")
    assert edit(desk, action, order_type="market").limit_price is None
    other_limit = edit(desk, rule(desk, order_type="limit", limit_price="89"), limit_offset="1")
    assert (other_limit.limit_price, other_limit.limit_offset) == (None, 1)


def test_a_bad_edit_changes_nothing(desk):
    action = rule(desk)
    for changes in ({"quantity": "-1"}, {"trigger_params": {}}, {"nonsense": 1}, {"trigger_type": "price_above"}):
        with pytest.raises(InvalidInput):
            edit(desk, action, notes="also this", **changes)
    for status in ("completed", "cancelled", "x", 5, ["active"]):
        with pytest.raises(InvalidInput, match="use paused or active"):
            edit(desk, action, status=status)
    assert (fresh(action).version, fresh(action).notes) == (1, "")


def test_what_was_right_when_it_was_written_is_not_held_against_an_edit(desk):
    hold(desk, quantity="10")
    action = rule(desk, action_type="SELL", quantity="10", valid_until=(NOW + 60 * S).isoformat())
    desk.portfolio.holdings.update(quantity=0)
    assert edit(desk, action, now=NOW + 70 * S, notes="sold by hand since, window over").notes
    with pytest.raises(InvalidInput, match="holds no AAPL"):
        edit(desk, action, quantity="9")


@pytest.mark.parametrize("status", ["completed", "expired", "cancelled"])
def test_an_ended_rule_cannot_be_edited(desk, status):
    action = rule(desk)
    Action.objects.filter(id=action.id).update(status=status)
    with pytest.raises(Conflict, match="make a new one"):
        edit(desk, action, notes="n")


def test_a_paused_rule_stays_unwatched_when_it_is_edited(desk):
    action = rule(desk)
    lifecycle.pause(user=desk.user, action_id=action.id, **BY)
    edit(desk, action, trigger_params={"threshold": "95"})
    assert watch_of(action).phase == machine.OFF
    assert see("90", at=NOW + 2 * S) == 0


def test_max_executions_cannot_go_below_those_it_has_had(desk):
    action = telling(desk, max_executions=3)
    Action.objects.filter(id=action.id).update(executions_count=2)
    with pytest.raises(InvalidInput, match="below the 2 executions"):
        edit(desk, action, max_executions=1)
    assert edit(desk, action, max_executions=None).max_executions is None


# --- execute now
def test_execute_now_fires_at_once_and_counts(desk):
    action = rule(desk, max_executions=2)
    execution = lifecycle.execute_now(user=desk.user, action_id=action.id, **BY)
    assert (execution.cause, execution.epoch, execution.state) == ("manual", 1, "pending")
    assert (fresh(action).executions_count, fresh(action).epoch) == (1, 2)
    carry_out(now=LATER)
    assert executions(action)[0].state == "succeeded"


def test_execute_now_leaves_the_trigger_watching(desk):
    action = telling(desk, max_executions=2)
    lifecycle.execute_now(user=desk.user, action_id=action.id, **BY)
    assert see("90", at=NOW + 2 * S) == 1
    assert [e.cause for e in executions(action)] == ["manual", "trigger"]


def test_execute_now_leaves_a_clock_running(desk):
    from automation.clockwork import run_due

    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}}
    action = telling(desk, max_executions=None, **clock)
    due = timers_of(action.id)["fire"]
    lifecycle.execute_now(user=desk.user, action_id=action.id, **BY)
    run_due(now=due)
    assert [e.cause for e in executions(action)] == ["manual", "trigger"]


def test_execute_now_cannot_exceed_the_maximum(desk):
    action = telling(desk)
    lifecycle.execute_now(user=desk.user, action_id=action.id, **BY)
    with pytest.raises(Conflict, match="had 1 of 1 executions"):
        lifecycle.execute_now(user=desk.user, action_id=action.id, **BY)
    assert see("90", at=NOW + 2 * S) == 0
    assert len(executions(action)) == 1


def test_a_paused_rule_may_be_executed_by_hand_and_an_ended_one_not(desk):
    action = telling(desk, max_executions=None)
    lifecycle.pause(user=desk.user, action_id=action.id, **BY)
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=NOW + 2 * S, actor="ada")
    carry_out(now=NOW + 3 * S)
    assert executions(action)[0].state == "succeeded"
    lifecycle.cancel(user=desk.user, action_id=action.id, now=NOW + 4 * S, actor="ada")
    with pytest.raises(Conflict, match="only an active or paused rule"):
        lifecycle.execute_now(user=desk.user, action_id=action.id, now=NOW + 5 * S, actor="ada")


# --- whose
@pytest.mark.parametrize("verb", [lifecycle.pause, lifecycle.resume, lifecycle.cancel, lifecycle.execute_now])
def test_somebody_elses_rule_does_not_exist(desk, other, verb):
    action = rule(desk)
    for action_id in (action.id, new_id()):
        with pytest.raises(NotFound, match=str(action_id)):
            verb(user=other.user, action_id=action_id, **BY)
    with pytest.raises(NotFound):
        lifecycle.update_action(user=other.user, action_id=action.id, changes={"notes": "x"}, **BY)
    assert fresh(action).version == 1


def test_a_cancelled_rule_keeps_its_history_and_nothing_watches(desk):
    action = telling(desk, max_executions=None, valid_until=(NOW + timedelta(days=1)).isoformat())
    see("90", at=NOW + S)
    lifecycle.cancel(user=desk.user, action_id=action.id, now=NOW + 2 * S, actor="ada")
    assert len(executions(action)) == 1
    assert timers_of(action.id) == {}
    assert not Watch.objects.exclude(phase=machine.OFF).exists()
