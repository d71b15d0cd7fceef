from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from alerts.models import Alert
from automation import clockwork, explaining, lifecycle, why
from automation.hooks import keeping, receiving
from automation.hooks.receiving import RATE, Call, receive
from automation.models import Action, HookCall, Trace
from automation.simulating import what_if
from common.errors import Conflict, InvalidInput, NotFound
from common.signing import signature
from orders.models import Order
from tests.automation.making import MINUTE, S, carry_out, executions, fresh, rule, telling, timers_of
from tests.orders.making import NOW, Desk, open_desk

pytestmark = pytest.mark.django_db
BUY = b'{"ticker": "AAPL", "action": "buy", "price": "1.00", "quantity": "1000000"}'


@pytest.fixture(autouse=True)
def field_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, field_keys=(key,)))
    yield


def hooked(desk: Desk, *, contains: str = "", signed: bool = False, **changes: Any) -> tuple[Action, keeping.NewHook]:
    action = rule(desk, trigger_type="webhook", trigger_params={"contains": contains}, **changes)
    return action, keeping.generate(user=desk.user, action_id=action.id, signed=signed, now=NOW)


def call(made: keeping.NewHook, body: bytes = BUY, *, now: datetime = NOW, **more: str) -> receiving.Answer:
    return receive(Call(token=made.token, body=body, **more), now=now)


def outcomes() -> list[tuple[str, str]]:
    return list(HookCall.objects.order_by("received_at", "id").values_list("outcome", "reason"))


def test_a_call_fires_the_rule_as_it_is_whatever_the_message_says(desk: Desk) -> None:
    action, made = hooked(desk, contains="BUY")
    assert call(made).found
    (execution,) = executions(action)
    assert execution.observation["untrusted_text"] == BUY.decode()
    assert not {"price", "level", "value", "quantity"} & execution.observation.keys()
    carry_out(now=NOW)
    order = Order.objects.get()
    assert (order.quantity, order.filled_quantity) == (10, 10)  # the rule's size, at the market's price
    assert fresh(action).status == "completed"
    assert outcomes() == [("fired", "")]
    assert "a call of its webhook" in Alert.objects.get(kind="firing").body
    assert Trace.objects.filter(action=action, kind="called").count() == 1


def test_the_same_call_again_is_the_same_call(desk: Desk) -> None:
    action, made = hooked(desk, max_executions=None)
    assert call(made).found and call(made, now=NOW + 4 * MINUTE).found
    assert len(executions(action)) == 1
    call(made, b"another", now=NOW + 4 * MINUTE)
    call(made, now=NOW + 5 * MINUTE + S)
    assert len(executions(action)) == 3
    call(made, b"x", nonce="n1", now=NOW + 6 * MINUTE)
    call(made, b"y", nonce="n1", now=NOW + 6 * MINUTE)
    call(made, b"x", nonce="n2", now=NOW + 6 * MINUTE)
    assert len(executions(action)) == 5


@pytest.mark.django_db(transaction=True)
def test_the_same_call_from_many_threads_fires_once(desk: Desk) -> None:
    action, made = hooked(desk, max_executions=None)
    answers: list[bool] = []

    def work() -> None:
        try:
            answers.append(call(made).found)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 6
    assert len(executions(action)) == HookCall.objects.count() == 1


def test_the_rules_limits_hold(desk: Desk) -> None:
    action, made = hooked(desk, max_executions=2, cooldown_seconds=60, contains="buy")
    call(made, b"sell")
    call(made, b"buy 1")
    call(made, b"buy 2", now=NOW + 59 * S)
    call(made, b"buy 3", now=NOW + 60 * S)
    call(made, b"buy 4", now=NOW + 180 * S)
    assert [text for _, text in outcomes()] == [
        "the message does not contain 'buy'",
        "",
        "cooldown until 15:01:00 UTC",
        "",
        "the rule has had all its executions",
    ]
    assert len(executions(action)) == 2
    assert Trace.objects.filter(kind="not_called_for").count() >= 2


def test_a_rule_that_is_paused_or_out_of_its_window_does_not_fire(desk: Desk) -> None:
    action, made = hooked(desk, max_executions=None, valid_from=(NOW + MINUTE).isoformat())
    assert list(timers_of(action.id)) == ["arm"]
    call(made, b"1")
    clockwork.run_due(now=NOW + MINUTE)
    assert timers_of(action.id) == {} and fresh(action).next_evaluation_at is None
    call(made, b"2", now=NOW + MINUTE)
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW + MINUTE, actor="ada")
    call(made, b"3", now=NOW + MINUTE)
    lifecycle.resume(user=desk.user, action_id=action.id, now=NOW + MINUTE, actor="ada")
    changes = {"trigger_type": "price_below", "trigger_params": {"threshold": "1"}}
    lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, now=NOW + MINUTE, actor="ada")
    call(made, b"4", now=NOW + MINUTE)
    assert [text for _, text in outcomes()] == [
        "the rule's time has not begun", "", "the rule is paused", "the rule has another trigger now",
    ]  # fmt: skip


def test_conditions_are_asked(desk: Desk) -> None:
    condition = {"trigger_type": "price_below", "trigger_params": {"threshold": "50"}}
    action, made = hooked(desk, conditions=[condition])
    call(made)
    assert executions(action)[0].state == "skipped"
    assert outcomes() == [("skipped", "")]
    assert fresh(action).executions_count == 0


def test_the_others_of_its_group_are_held(desk: Desk) -> None:
    mate = rule(desk, group="g")
    _, made = hooked(desk, group="g")
    call(made)
    assert fresh(mate).held_by is not None
    carry_out(now=NOW)
    assert fresh(mate).status == "cancelled"


def test_a_wrong_token_finds_nothing_and_a_new_address_ends_the_old_one(desk: Desk) -> None:
    action, old = hooked(desk)
    assert not receive(Call(token="hk_nonsense", body=b""), now=NOW).found
    new = keeping.generate(user=desk.user, action_id=action.id, signed=False, now=NOW)
    assert not call(old).found
    assert call(new).found
    keeping.delete(user=desk.user, action_id=action.id)
    assert not call(new, b"again").found


def test_signed_calls(desk: Desk) -> None:
    action, made = hooked(desk, signed=True, max_executions=None)
    stamp = str(int(NOW.timestamp()))
    good = signature(made.signing_key, stamp, BUY)
    late = NOW + 5 * MINUTE + S
    assert not call(made).found
    assert not call(made, stamp=stamp, given=signature("whs_other", stamp, BUY)).found
    assert not call(made, b"changed", stamp=stamp, given=good).found
    assert not call(made, stamp=stamp, given=good, now=late).found
    assert not call(made, stamp="99999999999", given=good).found
    assert executions(action) == []
    assert {outcome for outcome, _ in outcomes()} == {"refused"}
    assert call(made, stamp=stamp, given=good, now=NOW + 4 * MINUTE).found
    assert call(made, stamp=stamp, given=good, now=NOW + 5 * MINUTE).found  # a replay
    assert len(executions(action)) == 1


def test_too_many_calls(desk: Desk) -> None:
    action, made = hooked(desk, max_executions=None)
    for n in range(RATE):
        assert not call(made, f"{n}".encode()).too_often
    assert call(made, b"one more").too_often
    assert len(executions(action)) == RATE
    assert not call(made, b"one more", now=NOW + MINUTE).too_often


def test_what_is_kept_of_a_body_is_bounded_and_storable(desk: Desk) -> None:
    action, made = hooked(desk, contains="needle")
    call(made, b"\x00\xff" + b"x" * 8000 + b"needle")
    assert len(HookCall.objects.get().body) == receiving.KEPT
    assert len(executions(action)[0].observation["untrusted_text"]) == receiving.SHOWN


def test_old_calls_are_forgotten(desk: Desk) -> None:
    _, made = hooked(desk)
    call(made)
    assert receiving.forget_old_calls(NOW + timedelta(days=29)) == 0
    assert receiving.forget_old_calls(NOW + timedelta(days=31)) == 1


def test_it_is_explained(desk: Desk) -> None:
    action = telling(desk, trigger_type="webhook", trigger_params={}, message="called")
    assert timers_of(action.id) == {}
    assert explaining.explain(action, now=NOW).status_line == "Waits for a call of its webhook"
    assert why.why_not(action, now=NOW).code == "waits_for_call"
    assert what_if(action, observation={}, now=NOW).would_fire


def test_only_for_ones_own_rules_with_this_trigger(desk: Desk) -> None:
    other = open_desk("bob", now=NOW)
    action, _ = hooked(desk)
    for attempt in (
        lambda: keeping.generate(user=other.user, action_id=action.id, signed=False, now=NOW),
        lambda: keeping.hook_of(other.user, action.id),
        lambda: keeping.delete(user=other.user, action_id=action.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    with pytest.raises(Conflict, match="trigger webhook"):
        keeping.generate(user=desk.user, action_id=rule(desk).id, signed=False, now=NOW)


def test_it_has_no_past_to_be_replayed(desk: Desk) -> None:
    from automation.replay import running

    action, _ = hooked(desk)
    with pytest.raises(InvalidInput, match="has no past"):
        running.ask(user=desk.user, action=action, data={"timeframe": "1d"}, now=NOW)
