"""What-if: the answer the engine would give, the order it would place, and nothing written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps

from automation import lifecycle
from automation.simulating import what_if
from common.errors import InvalidInput
from markets.models import Quote
from safety.models import SafetyPolicy
from tests.automation.making import S, fresh, hold, rule, see, telling
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db
AT = NOW + S


def everything() -> dict[str, int]:
    """How many rows every table has, and the sum of what moves in the engine's."""
    return {model._meta.label: model.objects.count() for model in apps.get_models() if model._meta.managed}


def answer(action, at=AT, **observation):
    before, was = everything(), fresh(action).__dict__
    found = what_if(fresh(action), observation=observation, now=at)
    assert everything() == before
    now_is = fresh(action).__dict__
    assert {k: v for k, v in now_is.items() if k != "_state"} == {k: v for k, v in was.items() if k != "_state"}
    return found


def test_a_price_that_reaches_the_level_would_fire_and_shows_its_order(desk):
    action = rule(desk)
    found = answer(action, price="90")
    assert found.would_fire
    assert (found.value, found.level, found.reason) == (90, 90, "the value reaches the level")
    assert (found.effect, found.inputs) == ("Buy 10 AAPL", {"price": "90"})
    order = found.order
    assert (order.symbol, order.side, order.quantity, order.decision_price) == ("AAPL", "buy", 10, 90)
    assert order.state == "queued"
    assert {check["outcome"] for check in order.checks} <= {"pass", "skipped"}


def test_one_that_does_not_would_not(desk):
    found = answer(rule(desk), price="90.01")
    assert not found.would_fire
    assert (found.order, found.reason) == (None, "the value does not reach the level")


def test_the_gates_denial_is_shown(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    order = answer(rule(desk), price="90").order
    assert order.state == "blocked"
    assert order.reason_code.startswith("SYMBOL")


def test_a_rule_that_does_not_order_shows_no_order(desk):
    for action in (telling(desk), rule(desk, mode="notify"), rule(desk, mode="monitor")):
        found = answer(action, price="90")
        assert found.would_fire
        assert found.order is None


def test_what_is_left_out_comes_from_the_standing_quote(desk):
    see("88", at=NOW)
    assert answer(rule(desk)).would_fire
    Quote.objects.filter(instrument="AAPL").update(prev_close=100)
    change = telling(desk, trigger_type="change_pct", trigger_params={"change": "5", "direction": "down"})
    assert answer(change).value == -12
    assert not answer(change, prev_close="90").would_fire
    volume = telling(desk, trigger_type="volume_above", trigger_params={"threshold": "1000"})
    assert answer(volume).would_fire
    assert not answer(volume, volume="0").would_fire


def test_a_low_within_the_observation_counts(desk):
    found = answer(rule(desk), price="95", low="89")
    assert found.would_fire


def test_the_state_the_rule_is_in_counts(desk):
    cross = telling(desk, trigger_type="price_above", trigger_params={"threshold": "90", "edge": "cross"})
    assert answer(cross, price="89").reason == "it gets ready, and fires at a later price"
    assert answer(cross, price="95").reason == "it is not ready yet"
    see("89", at=AT)
    assert answer(cross, at=AT + S, price="90").would_fire


def test_a_trailing_stop_judges_from_its_high(desk):
    hold(desk)
    trail = {"trigger_type": "trailing_stop", "trigger_params": {"percent": "5"}}
    action = rule(desk, action_type="SELL", quantity="10", **trail)
    see("200", at=AT)
    found = answer(action, at=AT + S, price="190")
    assert (found.would_fire, found.value, found.order.side) == (True, 5, "sell")
    assert not answer(action, at=AT + S, price="190.01").would_fire
    new = telling(desk, now=AT, **trail)
    assert answer(new, at=AT + S, price="190").would_fire  # its high would be the price standing now


def test_while_it_cools_down_it_would_not_fire(desk):
    action = telling(desk, max_executions=None, cooldown_seconds=60)
    see("90", at=AT)
    assert answer(action, at=AT + S, price="80").reason == "it has fired and the value has not come back yet"
    see("91", at=AT + 2 * S)
    assert answer(action, at=AT + 3 * S, price="90").reason == "the cooldown is not over"


def test_a_paused_rule_is_judged_as_if_it_were_armed_afresh(desk):
    action = rule(desk)
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    assert answer(action, price="90").would_fire


def test_unknown_is_said(desk):
    see("100", at=NOW)
    change = telling(desk, trigger_type="change_pct", trigger_params={"change": "5", "window": "5d"})
    assert "unknown never fires" in answer(change, price="1000").reason


def test_a_closed_bars_value_needs_no_price(desk):
    Quote.objects.all().delete()
    cross = rule(desk, trigger_type="ma_cross", trigger_params={})
    assert answer(cross, value="1").would_fire
    assert not answer(cross, value="-1").would_fire
    assert "unknown never fires" in answer(cross).reason
    with pytest.raises(InvalidInput, match="no price has been seen"):
        what_if(rule(desk), observation={}, now=AT)


def test_a_clock_is_asked_for_a_time(desk):
    clock = rule(desk, trigger_type="time_of_day", trigger_params={"time": "10:05"})
    found = what_if(clock, observation={"at": "2026-11-20T15:05:30Z"}, now=AT)
    assert (found.would_fire, found.reason) == (True, "its time has come")
    early = what_if(clock, observation={"at": "2026-11-20T15:04:59Z"}, now=AT)
    assert early.reason == "it is not its time: the next time after that is 2026-11-20 15:05 UTC"


@pytest.mark.parametrize(
    ("observation", "field"),
    [({"price": "NaN"}, "price"), ({"price": "-5"}, "price"), ({"price": 0}, "price"), ({"price": True}, "price"),
     ({"low": "x"}, "low"), ({"volume": "-1"}, "volume"), ({"value": "x"}, "value"), ({"prise": "5"}, "prise"),
     ({"at": "noon"}, "at"), ({"at": "2026-11-20T15:05:30"}, "at"), ({"at": "0001-01-01T00:00:00Z"}, "at"),
     ([], ""), ("90", "")],
)  # fmt: skip
def test_bad_inputs_are_named(desk, observation, field):
    with pytest.raises(InvalidInput) as caught:
        what_if(rule(desk), observation=observation, now=AT)
    assert list(caught.value.errors) == [field]


def test_a_rule_that_must_hold_begins_to_and_then_fires(desk):
    action = rule(desk, trigger_params={"threshold": "90", "for_seconds": 60})
    assert "must stay there" in answer(action, price="89").reason
    see("89", at=AT)
    assert not answer(action, price="89").would_fire
    later = what_if(action, observation={"price": "89"}, now=AT + timedelta(seconds=60))
    assert later.would_fire


def test_a_condition_in_the_way_is_named_with_its_value(desk):
    quiet = {"trigger_type": "price_above", "symbol": "MSFT", "trigger_params": {"threshold": "200"}}
    found = answer(rule(desk, conditions=[quiet]), price="89")
    assert (found.would_fire, found.order) == (False, None)
    assert found.reason == "The condition MSFT is at or above $200 does not hold: it is 100."
    clock = rule(desk, trigger_type="time_of_day", trigger_params={"time": "10:05"}, conditions=[quiet])
    found = what_if(clock, observation={"at": "2026-11-20T15:05:30Z"}, now=AT)
    assert (found.would_fire, found.order) == (False, None)


# --- values that arrive now and then, and clocks
def test_relative_strength_and_drawdown_are_given_as_a_value(desk):
    weak = telling(desk, trigger_type="rsi_below", trigger_params={"threshold": "30"})
    assert answer(weak, value="30").would_fire
    assert not answer(weak, value="30.1").would_fire
    sunk = telling(desk, symbol=None, trigger_type="drawdown_above", trigger_params={"percent": "10"})
    assert answer(sunk, value="10").would_fire
    assert "unknown" in answer(sunk).reason


def test_a_recurring_purchase_is_tried_at_a_time(desk):
    params = {"expression": "30 9 * * MON"}
    action = rule(desk, trigger_type="cron", trigger_params=params, max_executions=None)
    monday = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    found = answer(action, at=monday)
    assert found.would_fire
    assert found.order is not None
    assert "2026-11-30 14:30 UTC" in answer(action, at=monday + timedelta(minutes=2)).reason
