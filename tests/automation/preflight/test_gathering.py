"""What is read for preflight: the rules of a symbol, the sums over a portfolio, money, holdings, open orders."""

from __future__ import annotations

from datetime import timedelta

import pytest

from automation import lifecycle
from automation.models import Action
from automation.preflight import gathering
from automation.preflight.reviewing import drafted
from brokers.models import BrokerAccount
from markets.models import Quote
from orders.placing import place
from safety.models import SafetyPolicy
from tests.automation.making import D, fresh, hold, rule, written
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


def about(action: Action, *, now=NOW):
    return gathering.about(action, now=now)[0]


def asked(action: Action, *, now=NOW):
    facts = about(action, now=now)
    return next(one for one in facts.rules if one.id == action.pk)


def test_only_active_rules_of_the_symbol_and_portfolio_are_loaded(desk, other):
    mine = rule(desk)
    same = rule(desk, trigger_params={"threshold": "80"})
    rule(desk, symbol="MSFT")
    rule(other)
    for verb in (lifecycle.pause, lifecycle.cancel):
        verb(user=desk.user, action_id=rule(desk).id, now=NOW, actor="ada")
    Action.objects.filter(id=rule(desk).id).update(executions_count=1)
    facts = about(mine)
    assert {one.id for one in facts.rules} == {mine.id, same.id}
    assert facts.about == mine.id


@pytest.mark.parametrize(
    ("changes", "price", "shares", "value"),
    [
        ({}, 90, 10, 900),  # it will buy at its threshold: the price is 100
        ({"trigger_params": {"threshold": "120"}}, 100, 10, 1000),  # already true: at the price
        ({"trigger_type": "price_above", "trigger_params": {"threshold": "120"}}, 120, 10, 1200),
        ({"order_type": "limit", "limit_price": "95"}, 95, 10, 950),
        ({"amount_usd": "450"}, 90, 5, 450),
        ({"percent_of_equity": "9"}, 90, 110, 9900),  # of $110,000
        ({"action_type": "SELL", "percent_of_position": "25"}, 90, 25, 2250),
        ({"trigger_type": "time_of_day", "trigger_params": {"time": "10:00"}}, 100, 10, 1000),
        ({"conditions": [{"trigger_type": "price_below", "trigger_params": {"threshold": "85"}}]}, 85, 10, 850),
    ],
)
def test_what_one_execution_comes_to(desk, changes, price, shares, value):
    hold(desk)
    one = asked(rule(desk, **changes))
    assert (one.price, one.shares, one.value) == (price, shares, value)


def test_without_a_price_a_size_in_shares_is_known_and_its_value_is_not(desk):
    Quote.objects.all().delete()
    one = asked(rule(desk))
    assert (one.price, one.shares, one.value) == (None, 10, None)


@pytest.mark.parametrize(
    ("changes", "per_day"),
    [
        ({}, None),
        ({"cooldown_seconds": 43_200}, 2),
        ({"trigger_type": "time_of_day", "trigger_params": {"time": "10:00"}}, 1),
        ({"trigger_type": "ma_cross", "trigger_params": {}}, 1),
        ({"trigger_type": "ma_cross", "trigger_params": {"timeframe": "1h"}}, 24),
        ({"trigger_type": "ma_cross", "trigger_params": {"on": "live"}}, None),
        ({"trigger_type": "change_pct", "trigger_params": {"change": "3"}}, None),
    ],
)
def test_how_often_it_may_fire(desk, changes, per_day):
    assert asked(rule(desk, max_executions=None, **changes)).per_day == per_day


def test_executions_left(desk):
    action = rule(desk, max_executions=5)
    Action.objects.filter(id=action.id).update(executions_count=3)
    assert asked(fresh(action)).left == 2
    assert asked(rule(desk, max_executions=None)).left is None


def test_a_clock_without_a_time_in_its_window(desk):
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:00", "timezone": "UTC"}}
    soon = (NOW + timedelta(hours=2)).isoformat()  # it is 15:00
    later = (NOW + timedelta(days=8)).isoformat()
    assert asked(rule(desk, valid_until=soon, **clock)).no_time_left
    assert not asked(rule(desk, valid_until=later, **clock)).no_time_left
    assert not asked(rule(desk, valid_until=soon)).no_time_left
    draft = drafted(user=desk.user, data=written(valid_until=soon, **clock), now=NOW)
    assert asked(draft).no_time_left


def test_the_sums_come_from_every_trading_rule_and_agree_with_the_long_way(desk, other):
    hold(desk)
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:00"}}
    rule(desk, symbol="MSFT", quantity="3")
    rule(desk, symbol="MSFT", amount_usd="500", trigger_type="price_above", trigger_params={"threshold": "130"})
    rule(desk, symbol="NVDA", trigger_type="price_above", trigger_params={"threshold": "130"}, group="g")
    rule(desk, symbol="NVDA", amount_usd="1400", group="g")
    rule(desk, percent_of_equity="1", **clock)
    rule(desk, action_type="SELL", **clock)
    for changes in ({"mode": "notify"}, {"action_type": "NOTIFY"}):
        rule(desk, symbol="TSLA", **changes)
    rule(other)
    totals = gathering.everything(desk.portfolio, now=NOW)[0].totals
    # 3 x 90, 500, the larger of 10 x 130 and 1400, 1 % of 110,000
    assert (totals.buy_value, totals.rules, totals.clocks) == (270 + 500 + 1400 + 1100, 5, 2)
    for action in Action.objects.filter(user=desk.user, mode="auto").exclude(action_type="NOTIFY"):
        assert about(action).totals == totals


def test_money_holdings_and_open_orders(desk):
    hold(desk)
    for intent in (
        desk.intent(order_type="limit", limit_price=D(95)),
        desk.intent(symbol="MSFT", quantity=D(2)),
        desk.intent(symbol="NVDA", quantity=D(5)),
    ):
        assert place(intent, now=NOW).state == "queued"
    facts = about(rule(desk))
    assert (facts.cash, facts.equity, facts.held_value) == (100_000, 110_000, 10_000)
    assert (facts.buying, facts.buying_total, facts.selling) == ({"AAPL": 950}, 1650, {})
    place(desk.intent(side="sell", symbol="AAPL", quantity=D(4)), now=NOW)  # denied: a buy is open
    assert about(rule(desk)).selling == {}


def test_what_is_being_sold(desk):
    hold(desk)
    place(desk.intent(side="sell", quantity=D(4)), now=NOW)
    assert about(rule(desk)).selling == {"AAPL": 4}


def test_a_round_trip_costs_spread_slippage_and_fees(desk):
    BrokerAccount.objects.update(slippage_bps=2, fee_bps=3, fee_per_order=1)
    facts = about(rule(desk))
    assert facts.prices["AAPL"].round_trip == D("0.02") + D("0.1")
    assert facts.fee_per_order == 1


def test_the_limits_of_the_portfolio_count(desk):
    SafetyPolicy.objects.update(max_daily_trades=7)
    assert about(rule(desk)).limits.max_daily_trades == 7


def test_the_number_of_queries_does_not_grow_with_rules(desk, django_assert_num_queries):
    action = rule(desk)
    with django_assert_num_queries(8):
        about(action)
    for n in range(20):
        rule(desk, symbol=("AAPL", "MSFT")[n % 2], trigger_params={"threshold": str(50 + n)})
    with django_assert_num_queries(8):
        about(action)
