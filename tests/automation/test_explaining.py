"""What a rule is waiting for: where it stands, and a firing price that is exact to the tick."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP

import pytest
from django.db import transaction
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from automation import averages, lifecycle
from automation.evaluating import evaluate_quotes
from automation.explaining import explain, explain_many, preview
from automation.models import Action
from common.errors import InvalidInput
from markets import calendar
from markets.models import Quote
from markets.quoting import record_ticks
from markets.types import Tick
from tests.automation.making import D, S, carry_out, fresh, rule, see, telling, watch_of, written
from tests.orders.making import NOW
from watches import machine
from watches.models import Series

pytestmark = pytest.mark.django_db
AT = NOW + S


# --- where a rule stands
def test_an_armed_rule_says_its_sentence_its_distance_and_its_price(desk):
    see("100", at=AT)
    found = explain(rule(desk), now=AT)
    assert found.sentence == "Buy 10 AAPL when AAPL is at or below $90."
    assert found.status_line == "Armed: fires at $90"
    assert (found.current_value, found.level, found.last_price) == (100, 90, 100)
    assert (found.firing_price, found.distance, found.distance_percent) == (90, 10, 10)
    assert not found.already_true
    assert found.warnings == ()


def test_a_rule_that_is_already_true_says_that_it_fires_at_once(desk):
    see("80", at=AT)
    for found in (preview(user=desk.user, data=written(), now=AT), explain(rule(desk, now=AT), now=AT)):
        assert found.already_true
        assert "Already true: fires at once." in found.warnings


def test_a_stale_or_missing_price_is_said_and_nothing_is_already_true(desk):
    see("80", at=AT)
    action = rule(desk, now=AT)
    stale = explain(action, now=AT + timedelta(seconds=121))
    assert "a stale price never fires" in stale.warnings[0]
    assert not stale.already_true
    Quote.objects.all().delete()
    missing = explain(action, now=AT)
    assert "No price has been seen" in missing.warnings[0]
    assert (missing.level, missing.firing_price) == (90, None)


def test_each_phase_is_said_in_words(desk):
    def line(action, at):
        return explain(fresh(action), now=at).status_line

    see("95", at=AT)
    cross = telling(
        desk, trigger_type="price_above", trigger_params={"threshold": "90", "edge": "cross", "hysteresis": "2"},
        max_executions=None, cooldown_seconds=30,
    )  # fmt: skip
    assert line(cross, AT) == "Waits until below $90"
    see("89", at=AT + S)
    assert line(cross, AT + S) == "Armed: fires at $90"
    see("90", at=AT + 2 * S)
    assert line(cross, AT + 2 * S) == "Fired; waits until it is back below $88"
    see("88", at=AT + 3 * S)
    assert line(cross, AT + 3 * S) == "Cooling down until 2026-11-20 15:00:33 UTC"
    trail = telling(desk, trigger_type="trailing_stop", trigger_params={"percent": "5"})
    assert line(trail, AT) == "Waits for the first price"
    params = {"percent": "5", "activation_price": "120"}
    active = telling(desk, trigger_type="trailing_stop", trigger_params=params)
    assert line(active, AT) == "Waits for the activation price $120"
    assert explain(active, now=AT).firing_price == 120


def test_a_rule_that_does_not_wait_says_why(desk):
    action = rule(desk, valid_from=(NOW + timedelta(hours=1)).isoformat())
    assert explain(action, now=AT).status_line == "Begins at 2026-11-20 16:00 UTC"
    lifecycle.pause(user=desk.user, action_id=action.id, now=AT, actor="ada")
    assert explain(fresh(action), now=AT).status_line == "Paused"
    Action.objects.filter(id=action.id).update(status="failed", status_reason="RULE_NEEDS_REVIEW: 3 in a row")
    assert explain(fresh(action), now=AT).status_line == "Failed: RULE_NEEDS_REVIEW: 3 in a row"
    fired = rule(desk, order_type="limit", limit_price="88", time_in_force="gtc")
    see("90", at=AT)
    carry_out(now=AT)
    found = explain(fresh(fired), now=AT)
    assert found.status_line == "Has fired; waits for the outcome"
    assert (found.firing_price, found.already_true) == (None, False)


def test_an_unknown_value_is_said(desk):
    see("100", at=AT)
    action = telling(desk, trigger_type="change_pct", trigger_params={"change": "3", "window": "5d"})
    found = explain(action, now=AT)
    assert "an unknown value never fires" in found.warnings[0]
    assert (found.current_value, found.firing_price) == (None, None)


def test_volume_and_closed_bars_have_no_firing_price(desk):
    see("100", at=AT)
    volume = explain(telling(desk, trigger_type="volume_above", trigger_params={"threshold": "5000"}), now=AT)
    assert (volume.current_value, volume.level, volume.firing_price) == (1000, 5000, None)
    cross = explain(telling(desk, trigger_type="ma_cross", trigger_params={}), now=AT)
    assert (cross.current_value, cross.firing_price) == (None, None)


def test_relative_strength_says_where_it_stands(desk):
    action = telling(desk, trigger_type="rsi_below", trigger_params={"threshold": "30"})
    found = explain(action, now=AT)
    assert (found.current_value, found.level, found.firing_price) == (None, 30, None)
    assert "unknown yet" in found.warnings[0]
    Series.objects.filter(observable="rsi:14:1d").update(value=D("41.5"), value_at=AT)
    found = explain(action, now=AT)
    assert (found.current_value, found.warnings, found.already_true) == (D("41.5"), (), False)
    assert found.status_line == "Armed: fires at an RSI of 30"


def test_a_drawdown_needs_no_symbol_and_says_when_it_is_already_true(desk):
    drawdown = {"trigger_type": "drawdown_above", "trigger_params": {"percent": "10"}, "symbol": None}
    action = telling(desk, **drawdown)
    assert "unknown yet" in explain(action, now=AT).warnings[0]
    Series.objects.filter(observable="drawdown").update(value=D(12), value_at=AT)
    for found in (
        explain(action, now=AT),
        preview(user=desk.user, data=written(action_type="NOTIFY", **drawdown), now=AT),
    ):
        assert found.sentence == "Tell me when the portfolio is 10 % or more below its peak."
        assert (found.current_value, found.already_true) == (12, True)
        assert found.warnings == ("Already true: fires within a minute.",)
        assert found.status_line == "Armed: fires at 10 % below the peak"
    lifecycle.pause(user=desk.user, action_id=action.id, now=AT, actor="ada")
    assert explain(fresh(action), now=AT).warnings == ()


def test_a_yearly_clock_on_trading_days_says_its_next_time(desk):
    calendar.fill_calendar(NOW)
    params = {"expression": "0 10 3 11 *", "trading_days_only": True}
    action = telling(desk, trigger_type="cron", trigger_params=params, symbol=None)
    assert explain(action, now=NOW).status_line == "Next at 2027-11-03 14:00 UTC"
    assert explain(action, now=NOW).sentence == (
        "Tell me at 10:00 on November 3 in America/New_York, on trading days only."
    )


def test_a_clock_says_its_next_time(desk):
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}}
    for found in (preview(user=desk.user, data=written(**clock), now=NOW), explain(rule(desk, **clock), now=NOW)):
        assert found.status_line == "Next at 2026-11-20 15:05 UTC"
        assert found.next_due_at == NOW + timedelta(minutes=5)
        assert found.firing_price is None


def test_a_preview_writes_nothing_and_refuses_what_creating_refuses(desk):
    see("100", at=AT)
    assert preview(user=desk.user, data=written(), now=AT).firing_price == 90
    with pytest.raises(InvalidInput, match="quantity"):
        preview(user=desk.user, data=written(quantity="-1"), now=AT)
    assert not Action.objects.exists()


def test_a_preview_knows_what_another_rule_made_known(desk):
    change = {"trigger_type": "change_pct", "trigger_params": {"change": "10", "direction": "up", "window": "5d"}}
    see("100", at=AT)
    telling(desk, **change)
    Series.objects.filter(observable="change_pct:5d").update(reference=100)
    assert preview(user=desk.user, data=written(**change), now=AT).firing_price == 110


def test_a_rise_of_more_than_all_has_one_price_when_either_way_counts(desk):
    see("100", at=AT)
    Quote.objects.filter(instrument="AAPL").update(prev_close=100)
    action = telling(desk, trigger_type="change_pct", trigger_params={"change": "150"})
    assert explain(action, now=AT).firing_price == 250


def test_many_rules_take_as_many_queries_as_one(desk, django_assert_num_queries):
    actions = [rule(desk) for _ in range(10)]
    with django_assert_num_queries(2):
        assert len(explain_many(actions, now=AT)) == 10


# --- the firing price is exact
CENT = D("0.01")
prices = st.integers(8_500, 11_500).map(lambda n: D(n) / 100)
percents = st.integers(200, 4_000).map(lambda n: str(D(n) / 100))
windows = st.sampled_from(["1d", "session", "since_armed", "5d", "15m"])
directions = st.sampled_from(["up", "down", "either"])
sides = st.sampled_from(["long", "short"])
triggers = st.one_of(
    st.tuples(st.sampled_from(["price_above", "price_below"]), st.fixed_dictionaries({"threshold": prices.map(str)})),
    st.tuples(
        st.just("change_pct"),
        st.fixed_dictionaries({"change": percents, "window": windows, "direction": directions}),
    ),
    st.tuples(st.just("trailing_stop"), st.fixed_dictionaries({"percent": percents, "side": sides})),
    st.tuples(st.just("trailing_stop"), st.fixed_dictionaries({"amount": percents, "side": sides})),
    st.tuples(
        st.just("ma_cross"),
        st.fixed_dictionaries(
            {
                "short": st.just(3),
                "long": st.just(7),
                "kind": st.sampled_from(["sma", "ema"]),
                "direction": directions,
                "on": st.just("live"),
            }
        ),
    ),
)


def show(price, at) -> int:
    tick = Tick(
        symbol="AAPL", price=price, at=at, source="test", prev_close=D("97.31"), session_open=D("101.07"),
        session_date=at.date(),
    )  # fmt: skip
    record_ticks(ticks=[tick], now=at)
    return evaluate_quotes(now=at).fired


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    trigger=triggers,
    path=st.lists(prices, min_size=2, max_size=4),
    closes=st.lists(prices, min_size=21, max_size=21),
)
def test_a_tick_short_of_the_firing_price_nothing_fires_and_at_it_the_rule_fires(desk, trigger, path, closes):
    with transaction.atomic():
        kind, params = trigger
        action = telling(desk, trigger_type=kind, trigger_params=params, mode="monitor", max_executions=None)
        window = Series.objects.filter(observable__regex=r"change_pct:(5d|15m)$")
        window.update(reference=closes[0])
        if kind == "ma_cross":
            shift, numerator, reference = averages.live_spread(closes, params["kind"], 3, 7)
            Series.objects.filter(observable__startswith="ma_spread").update(
                shift=shift, numerator=numerator, reference=reference
            )
        at = AT
        for price in path:
            at += S
            show(price, at)
        found = explain(fresh(action), now=at)
        assume(watch_of(action).phase == machine.ARMED and found.firing_price is not None)
        event(kind)
        firing, last = found.firing_price, found.last_price
        tick = CENT if firing >= 1 else CENT / 100
        short = firing + tick if firing < last else firing - tick
        if firing != last and short > 0:
            assert show(short, at + S) == 0, (found, short)
        assert show(firing, at + 2 * S) == 1, found
        assert found.distance == abs(firing - last)
        assert found.distance_percent == (found.distance * 100 / last).quantize(D("1e-9"), ROUND_HALF_UP)
        transaction.set_rollback(True)


def test_below_a_dollar_a_tick_is_a_hundredth_of_a_cent(desk):
    see("0.5", at=AT)
    Quote.objects.filter(instrument="AAPL").update(prev_close=D("0.3333"))
    action = telling(desk, trigger_type="change_pct", trigger_params={"change": "10", "direction": "down"})
    assert explain(action, now=AT).firing_price == D("0.2999")
