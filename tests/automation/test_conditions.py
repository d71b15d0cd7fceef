"""What must also hold when a trigger fires: true, false or unknown, with what was seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.models import Alert
from automation import conditions, evaluating, lifecycle, sweeping
from automation.clockwork import run_due
from automation.explaining import explain
from automation.models import Action, ActionExecution
from automation.triggers.registry import CONDITIONS
from common.errors import InvalidInput
from live.models import Event
from markets.models import Quote
from tests.automation.making import (
    MINUTE,
    D,
    S,
    bars,
    carry_out,
    executions,
    fresh,
    rule,
    see,
    see_volume,
    telling,
    watch_of,
    written,
)
from tests.orders.making import NOW, quote
from watches import machine

pytestmark = pytest.mark.django_db
AT = NOW + S
MIDNIGHT = datetime(2026, 11, 19, tzinfo=UTC)


def when(kind: str, /, symbol: str | None = None, **params: Any) -> dict[str, Any]:
    return {"trigger_type": kind, "trigger_params": params, **({"symbol": symbol} if symbol else {})}


def reading(desk, kind: str, /, *, at=AT, symbol: str | None = None, **params: Any) -> conditions.Reading:
    """What one condition comes to now."""
    action = telling(desk, conditions=[when(kind, symbol, **params)], now=at)
    ((_, found),) = conditions.check([action], now=at)[action.id].readings
    return found


# --- each kind
def test_a_price_compares_the_standing_usable_quote(desk):
    see("90", at=AT)
    assert reading(desk, "price_below", threshold="90") == conditions.Reading(holds=True, value=D(90), level=D(90))
    assert reading(desk, "price_below", threshold="89.99").holds is False
    assert reading(desk, "price_above", threshold="90", edge="cross").holds is True
    assert reading(desk, "price_above", symbol="MSFT", threshold="100").holds is True


def test_a_stale_or_missing_quote_is_unknown(desk):
    see("90", at=AT)
    late = reading(desk, "price_below", threshold="90", at=AT + timedelta(seconds=120))
    assert (late.holds, late.value) == (None, None)
    assert "no usable price of AAPL" in late.note
    Quote.objects.all().delete()
    assert reading(desk, "price_below", threshold="90").holds is None


def test_a_change_is_the_change_now(desk):
    see("105", at=AT)
    Quote.objects.filter(instrument="AAPL").update(prev_close=None)
    assert reading(desk, "change_pct", change="3", direction="up").note == "its base is not known"
    Quote.objects.filter(instrument="AAPL").update(prev_close=100, session_open=110)
    assert reading(desk, "change_pct", change="5", direction="up").value == 5
    assert reading(desk, "change_pct", change="5", direction="up").holds is True
    assert reading(desk, "change_pct", change="5", direction="down").holds is False
    assert reading(desk, "change_pct", change="4", window="session").holds is True  # fell 4.5 %


def test_a_change_over_days_or_minutes_takes_its_base_from_bars(desk):
    see("110", at=AT)
    assert reading(desk, "change_pct", change="9", window="3d").holds is None
    bars("AAPL", "1d", MIDNIGHT, [100, 101, 102])
    assert reading(desk, "change_pct", change="9", window="3d").value == 10
    assert reading(desk, "change_pct", change="9", window="15m").holds is None
    bars("AAPL", "1m", NOW - 16 * MINUTE, [88])
    assert reading(desk, "change_pct", change="25", window="15m").holds is True
    assert reading(desk, "change_pct", change="25", window="15m", at=AT + 11 * MINUTE).holds is None


def test_volume_of_the_session_against_shares_and_against_its_average(desk):
    see_volume("5000", at=AT)
    assert reading(desk, "volume_above", threshold="5000").holds is True
    assert reading(desk, "volume_above", threshold="5001").holds is False
    assert reading(desk, "volume_above", multiple="2", average_days=2).holds is None
    bars("AAPL", "1d", MIDNIGHT, [1, 1], volume=2500)
    found = reading(desk, "volume_above", multiple="2", average_days=2)
    assert (found.holds, found.value) == (True, 2)


def test_volume_of_the_last_closed_minute(desk):
    assert reading(desk, "volume_above", threshold="500", window="bar").holds is None
    bars("AAPL", "1m", NOW - MINUTE, [100], volume=500)
    assert reading(desk, "volume_above", threshold="500", window="bar", at=NOW + 5 * S).holds is True
    assert reading(desk, "volume_above", threshold="500", window="bar", at=NOW + 5 * MINUTE).holds is None


def test_averages_ask_which_is_above_not_whether_they_cross(desk):
    asked = {"short": 2, "long": 3, "kind": "sma", "timeframe": "1m"}
    assert reading(desk, "ma_cross", **asked).holds is None
    bars("AAPL", "1m", NOW - MINUTE, [100, 101, 102, 103, 104])
    found = reading(desk, "ma_cross", **asked, at=NOW + 5 * S)
    assert (found.holds, found.value) == (True, D("0.5"))
    assert reading(desk, "ma_cross", **asked, direction="down", at=NOW + 5 * S).holds is False
    see("90", at=NOW + 5 * S)
    live = reading(desk, "ma_cross", **asked, on="live", at=NOW + 5 * S)
    assert live.holds is False
    assert reading(desk, "ma_cross", **asked, at=NOW + 5 * MINUTE).holds is None


def test_averages_of_coarse_and_daily_bars_with_either_kind(desk):
    bars("AAPL", "1d", MIDNIGHT, [*[100] * 12, 110])
    assert reading(desk, "ma_cross", short=2, long=4, kind="ema").holds is True
    bars("AAPL", "1m", NOW - MINUTE, list(range(200, 170, -1)))
    assert reading(desk, "ma_cross", short=2, long=3, timeframe="5m", direction="down", at=NOW + 5 * S).holds is True


def test_every_kind_that_may_be_asked_can_be_judged(desk):
    from automation.triggers.registry import TRIGGERS

    see("100", at=AT, symbol="MSFT")
    for kind in CONDITIONS:
        about = None if TRIGGERS[kind].of_portfolio else "MSFT"  # AAPL's could contradict the rule's own trigger
        assert reading(desk, kind, symbol=about, **TRIGGERS[kind].example).holds in (True, False, None), kind


def test_a_pushed_value_counts_as_long_as_it_stands(desk):
    from automation.conditions import BY_SERIES, Asked
    from watches.models import Series

    series = Series.objects.create(subject="AAPL", observable="bar_volume:1m", kind="pushed", value=500, value_at=AT)
    params = {"threshold": "500", "window": "bar"}
    asked = Asked(kind="volume_above", params=params, symbol="AAPL")

    def judged(at):
        specs = [asked.spec().series]
        facts = conditions.gather(symbols={"AAPL"}, bars=[], series=specs, portfolios=[], now=at)
        return BY_SERIES.judge(asked, facts)

    assert judged(AT + MINUTE).holds is True
    assert judged(AT + 5 * MINUTE).holds is None
    Series.objects.filter(id=series.id).update(value=499)
    assert judged(AT).holds is False


# --- three values
@pytest.mark.parametrize(
    ("found", "holds", "code"),
    [([True, True], True, ""), ([True, False], False, "CONDITION_FALSE"), ([True, None], None, "CONDITION_UNKNOWN"),
     ([None, False], False, "CONDITION_FALSE")],
)  # fmt: skip
def test_all_must_hold_and_unknown_is_not_false(found, holds, code):
    asked = conditions.Asked(kind="price_below", params={"threshold": "90"}, symbol="AAPL")
    verdict = conditions.Verdict(readings=tuple((asked, conditions.Reading(holds=one)) for one in found))
    assert (verdict.holds, verdict.reason_code) == (holds, code)


# --- at a firing
CALM = when("price_above", symbol="MSFT", threshold="100")


def test_what_holds_fires_as_ever_and_says_what_was_seen(desk):
    action = rule(desk, conditions=[CALM])
    assert see("90", at=AT) == 1
    carry_out(now=AT)
    (execution,) = executions(action)
    assert execution.state == "succeeded"
    (seen,) = execution.details["conditions"]
    assert (seen["holds"], seen["value"], seen["level"], seen["symbol"]) == (True, "100", "100", "MSFT")


def test_what_does_not_hold_is_skipped_with_the_values_and_uses_up_nothing(desk):
    quote("MSFT", "99", at=AT)
    action = rule(desk, conditions=[CALM])
    assert see("90", at=AT) == 0
    (execution,) = executions(action)
    assert (execution.state, execution.reason_code, execution.finished_at) == ("skipped", "CONDITION_FALSE", AT)
    assert execution.error == "The condition MSFT is at or above $100 does not hold: it is 99."
    assert execution.details["conditions"][0]["value"] == "99"
    after = fresh(action)
    assert (after.executions_count, after.failures_in_a_row, after.status) == (0, 0, "active")
    assert carry_out(now=AT) == 0
    note = Alert.objects.get(title__startswith="Skipped: Buy 10 AAPL (CONDITION_FALSE)")
    assert "price $90" in note.body
    assert Event.objects.filter(topic="executions", kind="skipped").count() == 1


def test_unknown_never_acts_and_is_not_called_false(desk):
    Quote.objects.filter(instrument="MSFT").delete()
    action = rule(desk, conditions=[CALM])
    assert see("90", at=AT) == 0
    assert [(e.state, e.reason_code) for e in executions(action)] == [("skipped", "CONDITION_UNKNOWN")]


def test_it_fires_when_the_condition_comes_last(desk):
    quote("MSFT", "99", at=AT)
    action = rule(desk, conditions=[CALM])
    see("90", at=AT)
    assert (watch_of(action).phase, watch_of(action).rearm_at) == (machine.RETRY, AT + 30 * S)
    quote("MSFT", "100", at=AT + 10 * S)
    quote("AAPL", "90", at=AT + 10 * S)
    assert evaluating.evaluate_quotes(now=AT + 10 * S).fired == 0
    sweeping.rearm(AT + 30 * S)
    assert evaluating.evaluate_quotes(now=AT + 30 * S).fired == 1
    assert [e.state for e in executions(action)] == ["skipped", "pending"]


def test_it_does_not_fire_when_the_trigger_no_longer_holds_by_then(desk):
    quote("MSFT", "99", at=AT)
    action = rule(desk, conditions=[CALM])
    see("90", at=AT)
    quote("MSFT", "100", at=AT + 10 * S)
    see("91", at=AT + 20 * S)
    sweeping.rearm(AT + 30 * S)
    assert evaluating.evaluate_quotes(now=AT + 30 * S).fired == 0
    assert see("90", at=AT + 40 * S) == 1
    assert len(executions(action)) == 2


def test_further_skips_roll_into_the_first_without_row_alert_or_event(desk):
    action = rule(desk, conditions=[CALM])
    for n in range(5):
        at = AT + n * 30 * S
        quote("MSFT", str(95 + n), at=at) if n != 3 else Quote.objects.filter(instrument="MSFT").delete()
        sweeping.rearm(at)
        see("90", at=at)
    (execution,) = executions(action)
    assert execution.triggered_at == AT
    assert execution.details["times"] == 5
    assert execution.details["last_at"] == (AT + 120 * S).isoformat()
    assert execution.details["conditions"][0]["value"] == "99"
    assert execution.details["last_observation"]["price"] == "90"
    assert execution.reason_code == "CONDITION_FALSE"
    assert Alert.objects.filter(user=desk.user).count() == 1
    assert Event.objects.filter(topic="executions").count() == 1


def test_what_happened_in_between_begins_a_new_row(desk):
    quote("MSFT", "99", at=AT)
    action = rule(desk, conditions=[CALM])
    see("90", at=AT)
    by = {"user": desk.user, "action_id": action.id, "actor": "ada"}
    lifecycle.update_action(
        changes={"conditions": [when("price_above", symbol="MSFT", threshold="200")]}, now=AT + S, **by
    )
    sweeping.rearm(AT + 30 * S)
    see("90", at=AT + 30 * S)
    lifecycle.pause(now=AT + 31 * S, **by)
    lifecycle.resume(now=AT + 32 * S, **by)
    see("90", at=AT + 33 * S)
    assert [e.details["conditions"][0]["level"] for e in executions(action)] == ["100", "200", "200"]
    assert [e.epoch for e in executions(action)] == [1, 2, 5]


def test_a_hold_goes_on_while_the_condition_does_not_hold(desk):
    quote("MSFT", "99", at=AT)
    action = rule(desk, trigger_params={"threshold": "90", "for_seconds": 10}, conditions=[CALM])
    see("90", at=AT)
    assert see("90", at=AT + 10 * S) == 0
    assert (watch_of(action).phase, watch_of(action).rearm_at) == (machine.HOLDING, AT + 40 * S)
    quote("MSFT", "100", at=AT + 20 * S)
    see("91", at=AT + 20 * S)  # broken: ten seconds anew
    see("90", at=AT + 21 * S)
    assert see("90", at=AT + 30 * S) == 0
    assert see("90", at=AT + 31 * S) == 1


def test_a_cross_at_a_bars_close_goes_on_trying_while_nothing_crosses_back(desk):
    params = {"short": 1, "long": 2, "timeframe": "1m"}
    quote("MSFT", "99", at=AT)
    action = telling(
        desk, trigger_type="ma_cross", trigger_params=params, conditions=[CALM], now=NOW - 5 * MINUTE
    )  # fmt: skip
    bars("AAPL", "1m", NOW, [100, 99, 98])
    sweeping.sweep(NOW + MINUTE + 5 * S)
    bars("AAPL", "1m", NOW + MINUTE, [105])
    sweeping.sweep(NOW + 2 * MINUTE + 5 * S)
    assert [e.reason_code for e in executions(action)] == ["CONDITION_UNKNOWN"]
    quote("MSFT", "100", at=NOW + 2 * MINUTE + 20 * S)
    sweeping.sweep(NOW + 2 * MINUTE + 30 * S)
    assert len(executions(action)) == 1
    assert "tries again at" in explain(fresh(action), now=NOW + 2 * MINUTE + 30 * S).status_line
    sweeping.sweep(NOW + 2 * MINUTE + 35 * S)
    assert [e.cause for e in executions(action)] == ["trigger", "trigger"]


def test_a_clock_asks_at_its_instant_and_again_at_the_next(desk):
    quote("MSFT", "99", at=NOW + 5 * MINUTE)
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}}
    action = telling(desk, conditions=[CALM], **clock)
    run_due(now=NOW + 5 * MINUTE)
    assert [(e.state, e.reason_code) for e in executions(action)] == [("skipped", "CONDITION_FALSE")]
    after = fresh(action)
    assert (after.executions_count, after.next_evaluation_at.date()) == (0, (NOW + timedelta(days=1)).date())
    quote("MSFT", "100", at=after.next_evaluation_at)
    run_due(now=after.next_evaluation_at)
    assert [e.state for e in executions(action)] == ["skipped", "pending"]


def test_a_person_who_executes_now_is_not_asked(desk):
    quote("MSFT", "99", at=AT)
    action = rule(desk, conditions=[CALM])
    execution = lifecycle.execute_now(user=desk.user, action_id=action.id, now=AT, actor="ada")
    assert execution.state == "pending"


def test_a_batch_asks_once_for_all_its_rules_and_nothing_for_those_without(desk, django_assert_max_num_queries):
    for _ in range(20):
        telling(desk, mode="monitor")
    quote("AAPL", "90", at=AT)
    with django_assert_max_num_queries(25) as plain:
        assert evaluating.evaluate_quotes(now=AT).fired == 20
    for threshold in range(100, 110):
        telling(desk, mode="monitor", conditions=[when("price_below", symbol="MSFT", threshold=str(threshold))])
        telling(desk, mode="monitor", conditions=[when("ma_cross", symbol="NVDA", short=2, long=3)])
    quote("AAPL", "90", at=AT + S)
    with django_assert_max_num_queries(len(plain) + 8):
        assert evaluating.evaluate_quotes(now=AT + S).fired == 10
    assert ActionExecution.objects.filter(reason_code="CONDITION_UNKNOWN").count() == 10


# --- what may be written
def test_what_looks_at_more_than_one_moment_cannot_be_a_condition(desk):
    def refused(*asked):
        with pytest.raises(InvalidInput) as caught:
            lifecycle.create_action(user=desk.user, data=written(conditions=list(asked)), now=NOW, actor="ada")
        return {key: texts[0] for key, texts in caught.value.errors.items()}

    found = refused(
        when("price_below", threshold="90", for_seconds=5),
        when("change_pct", change="3", window="since_armed"),
        when("ma_cross", direction="either"),
        when("trailing_stop", percent="5"),
    )
    assert "give it to the rule's trigger" in found["conditions.0.trigger_params.for_seconds"]
    assert "which is not armed" in found["conditions.1.trigger_params.window"]
    assert "always be true" in found["conditions.2.trigger_params.direction"]
    assert "cannot be a condition" in found["conditions.3.trigger_type"]
    assert not Action.objects.exists()


def test_the_sentence_names_every_condition(desk):
    action = rule(desk, conditions=[CALM, when("ma_cross", short=10, long=50)])
    assert explain(action, now=NOW).sentence == (
        "Buy 10 AAPL when AAPL is at or below $90, if MSFT is at or above $100 and AAPL's 10-bar SMA is above its"
        " 50-bar one (1d bars, at the last close)."
    )
