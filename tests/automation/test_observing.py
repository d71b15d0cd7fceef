"""The series that need more than a quote: bases of windows, average volumes, averages, closed bars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from automation import observing
from automation.averages import live_spread
from automation.evaluating import evaluate_quotes
from automation.models import Action
from automation.rsi import rsi_at_close
from markets import subscriptions
from markets.models import Bar, Quote
from tests.automation.making import MINUTE, D, S, bars, executions, hold, see, see_volume, telling, watch_of
from tests.orders.making import NOW, quote
from watches.models import Series

pytestmark = pytest.mark.django_db
TODAY = datetime(2026, 11, 20, tzinfo=UTC)  # a daily bar is dated by its session's midnight UTC
DAY = timedelta(days=1)


def change(desk, window, **params) -> Action:
    params = {"change": "10", "direction": "up", "window": window, **params}
    return telling(desk, trigger_type="change_pct", trigger_params=params, max_executions=None)


def reference(action: Action):
    series = watch_of(action).series
    return Series.objects.get(id=series.id).reference


# --- rolling windows
def test_a_rolling_base_is_the_close_of_the_minute_bar_that_long_ago(desk):
    action = change(desk, "15m")
    bars("AAPL", "1m", NOW - 16 * MINUTE, ["98", "99", "50"])  # the last one closed 15 minutes ago
    bars("AAPL", "1m", NOW - MINUTE, ["100"] * 15)
    evaluate_quotes(now=NOW)
    observing.observe(now=NOW)
    assert reference(action) == 50
    assert see("54.99", at=NOW + S) == 0
    assert see("55", at=NOW + 2 * S) == 1
    observing.observe(now=NOW + MINUTE)
    assert reference(action) == 100


def test_without_a_bar_near_that_time_the_base_is_unknown(desk):
    action = change(desk, "15m")
    bars("AAPL", "1m", NOW - 27 * MINUTE, ["50"])
    observing.observe(now=NOW)
    assert reference(action) is None
    assert see("1000", at=NOW + S) == 0
    bars("AAPL", "1m", NOW - 25 * MINUTE, ["60"])  # a pause of trade of less than ten minutes
    observing.observe(now=NOW + 2 * S)
    assert reference(action) == 60


def test_a_base_that_is_lost_becomes_unknown_again(desk):
    action = change(desk, "15m")
    bars("AAPL", "1m", NOW - 16 * MINUTE, ["50"])
    observing.observe(now=NOW)
    observing.observe(now=NOW + 11 * MINUTE)
    assert reference(action) is None


def test_rules_that_share_a_window_share_its_base(desk):
    up, either = change(desk, "1h"), change(desk, "60m", direction="either")
    again = change(desk, "1h", change="20")
    bars("AAPL", "1m", NOW - 61 * MINUTE, ["50"])
    observing.observe(now=NOW)
    assert reference(up) == reference(either) == 50
    assert watch_of(up).series_id == watch_of(again).series_id


# --- days
def test_a_base_of_days_is_the_close_that_many_sessions_ago(desk):
    action = change(desk, "5d")
    bars("AAPL", "1d", TODAY - DAY, [10, 20, 30, 40, 50, 60])
    bars("AAPL", "1d", TODAY, [999])  # today is not over
    evaluate_quotes(now=NOW)
    observing.observe(now=NOW)
    assert reference(action) == 20
    assert see("21.99", at=NOW + S) == 0
    assert see("22", at=NOW + 2 * S) == 1


def test_a_base_of_days_moves_with_the_day_and_only_then(desk):
    action = change(desk, "2d")
    bars("AAPL", "1d", TODAY - DAY, [10, 20])
    observing.observe(now=NOW)
    assert reference(action) == 10
    Bar.objects.filter(close=10).update(close=11, open=11, high=11, low=11)
    observing.observe(now=NOW + MINUTE)
    assert reference(action) == 10
    bars("AAPL", "1d", TODAY, [30])
    observing.observe(now=NOW + DAY)
    assert reference(action) == 20


def test_too_few_days_are_unknown_and_looked_for_again(desk):
    action = change(desk, "5d")
    bars("AAPL", "1d", TODAY - DAY, [10, 20, 30, 40])
    observing.observe(now=NOW)
    assert reference(action) is None
    bars("AAPL", "1d", TODAY - 5 * DAY, [5])
    observing.observe(now=NOW + S)
    assert reference(action) == 5


# --- volume
def test_a_multiple_of_the_average_volume(desk):
    params = {"multiple": "2", "average_days": 4}
    action = telling(desk, trigger_type="volume_above", trigger_params=params)
    for n, volume in enumerate((1000, 2000, 3000, 4000)):
        bars("AAPL", "1d", TODAY - (4 - n) * DAY, [10], volume=volume)
    observing.observe(now=NOW)
    assert reference(action) == 2500
    assert see_volume("4999", at=NOW + S) == 0
    assert see_volume("5000", at=NOW + 2 * S) == 1


def test_an_average_volume_of_too_few_days_or_of_nothing_is_unknown(desk):
    params = {"multiple": "2", "average_days": 4}
    action = telling(desk, trigger_type="volume_above", trigger_params=params)
    bars("AAPL", "1d", TODAY - DAY, [10, 10, 10])
    observing.observe(now=NOW)
    assert reference(action) is None
    bars("AAPL", "1d", TODAY - 4 * DAY, [10])
    Bar.objects.update(volume=0)
    observing.observe(now=NOW + S)
    assert reference(action) is None
    assert see_volume("1000000", at=NOW + 2 * S) == 0


def volume_of_a_bar(desk) -> Action:
    params = {"threshold": "500", "window": "bar"}
    return telling(desk, trigger_type="volume_above", trigger_params=params, max_executions=None)


def test_a_closed_bars_volume_fires_once_and_each_bar_anew(desk):
    action = volume_of_a_bar(desk)
    bars("AAPL", "1m", NOW, [10], volume=499)
    bars("AAPL", "1m", NOW + MINUTE, [10], volume=500)
    assert observing.observe(now=NOW + MINUTE + 5 * S) == 0
    assert observing.observe(now=NOW + 2 * MINUTE + 3 * S) == 0  # closed, but the feed may not have written it all
    assert observing.observe(now=NOW + 2 * MINUTE + 4 * S) == 1
    assert observing.observe(now=NOW + 2 * MINUTE + 9 * S) == 0
    (execution,) = executions(action)
    assert (execution.observation["value"], execution.observation["price"]) == ("500", None)
    assert execution.observation["quote_time"] == (NOW + 2 * MINUTE).isoformat()
    bars("AAPL", "1m", NOW + 2 * MINUTE, [10], volume=10)
    bars("AAPL", "1m", NOW + 3 * MINUTE, [10], volume=501)
    assert observing.observe(now=NOW + 3 * MINUTE + 4 * S) == 0
    assert observing.observe(now=NOW + 4 * MINUTE + 4 * S) == 1


def test_a_bar_that_closed_before_the_rule_was_armed_is_history(desk):
    bars("AAPL", "1m", NOW - 2 * MINUTE, [10], volume=1000)
    volume_of_a_bar(desk)
    assert observing.observe(now=NOW + 5 * S) == 0


def test_a_bar_found_minutes_later_is_a_missed_one(desk):
    action = volume_of_a_bar(desk)
    bars("AAPL", "1m", NOW, [10], volume=1000)
    assert observing.observe(now=NOW + 5 * MINUTE) == 0
    assert executions(action) == []


# --- averages at a close
SHORT_2_LONG_3 = {"short": 2, "long": 3}


def cross(desk, **params) -> Action:
    params = {**SHORT_2_LONG_3, **params}
    return telling(desk, trigger_type="ma_cross", trigger_params=params, max_executions=None)


def test_a_cross_at_the_close_of_a_minute_bar(desk):
    up = cross(desk, timeframe="1m")
    down, either = cross(desk, timeframe="1m", direction="down"), cross(desk, timeframe="1m", direction="either")
    bars("AAPL", "1m", NOW, [10, 10, 10, 10])
    assert observing.observe(now=NOW + MINUTE + 4 * S) == 0
    bars("AAPL", "1m", NOW + MINUTE, [16])
    assert observing.observe(now=NOW + 2 * MINUTE + 4 * S) == 2
    bars("AAPL", "1m", NOW + 2 * MINUTE, [1])
    assert observing.observe(now=NOW + 3 * MINUTE + 4 * S) == 2
    assert [len(executions(action)) for action in (up, down, either)] == [1, 1, 2]


def test_a_cross_of_coarser_bars_is_seen_when_the_coarse_bar_closes(desk):
    action = cross(desk, timeframe="5m")
    bars("AAPL", "1m", NOW + 4 * MINUTE, [10] * 25)
    bars("AAPL", "1m", NOW + 9 * MINUTE, [11, 12, 13, 14, 16])
    assert observing.observe(now=NOW + 9 * MINUTE) == 0
    assert observing.observe(now=NOW + 10 * MINUTE + 4 * S) == 1
    assert executions(action)[0].observation["quote_time"] == (NOW + 10 * MINUTE).isoformat()


def test_a_daily_cross_is_seen_once_the_days_bar_is_there(desk):
    action = cross(desk)
    bars("AAPL", "1d", TODAY - DAY, [10, 10, 10, 10])
    assert observing.observe(now=NOW) == 0
    bars("AAPL", "1d", TODAY, [16])
    assert observing.observe(now=NOW + MINUTE) == 0  # today is not over
    closes_at = datetime(2026, 11, 21, 5, tzinfo=UTC)  # midnight in New York: the demo market's close
    assert observing.observe(now=closes_at + MINUTE) == 1
    assert executions(action)[0].observation["quote_time"] == closes_at.isoformat()
    assert observing.observe(now=closes_at + 2 * MINUTE) == 0


def test_a_daily_cross_that_another_session_has_passed_by_is_missed(desk):
    action = cross(desk)
    bars("AAPL", "1d", TODAY, [10, 10, 10, 16])
    assert observing.observe(now=NOW + 2 * DAY) == 0
    assert executions(action) == []


def test_too_few_bars_are_unknown(desk):
    action = cross(desk, timeframe="1m", kind="ema")  # 3 x 3 + 1 bars
    bars("AAPL", "1m", NOW, [10] * 8 + [16])
    assert observing.observe(now=NOW + MINUTE + 4 * S) == 0
    assert Series.objects.get(id=watch_of(action).series_id).value is None


# --- averages, live
def test_the_live_averages_follow_the_closed_bars_and_the_price(desk):
    action = cross(desk, timeframe="1m", on="live")
    bars("AAPL", "1m", NOW - MINUTE, [100, 100, 90])
    quote("AAPL", "90", at=NOW + 4 * S)
    observing.observe(now=NOW + 4 * S)
    series = Series.objects.get(id=watch_of(action).series_id)
    assert (series.shift, series.numerator, series.reference) == live_spread([D(100), D(100), D(90)], "sma", 2, 3)
    # (90 + p) / 2 > (100 + 90 + p) / 3 from p = 110 on
    assert see("90", at=NOW + 5 * S) == 0
    assert see("110", at=NOW + 6 * S) == 0
    assert see("110.01", at=NOW + 7 * S) == 1
    assert executions(action)


def test_the_live_averages_are_unknown_until_warm(desk):
    action = cross(desk, timeframe="1m", on="live")
    bars("AAPL", "1m", NOW - MINUTE, [100, 90])
    observing.observe(now=NOW + 4 * S)
    assert reference(action) is None
    for price in ("1", "1000"):
        assert see(price, at=NOW + 5 * S) == 0


# --- relative strength, at a close
def strength(desk, kind="rsi_below", **params) -> Action:
    params = {"threshold": "30", "period": 2, "timeframe": "1m", **params}
    return telling(desk, trigger_type=kind, trigger_params=params, max_executions=None)


def test_relative_strength_fires_at_the_close_of_a_bar_and_comes_back_first(desk):
    below, above = strength(desk), strength(desk, "rsi_above", threshold="70")
    bars("AAPL", "1m", NOW, [100, 101] * 15)
    assert observing.observe(now=NOW + MINUTE + 4 * S) == 0
    fired = []
    for n, close in enumerate((90, 80, 200, 70), start=1):
        bars("AAPL", "1m", NOW + n * MINUTE, [close])
        fired.append(observing.observe(now=NOW + (n + 1) * MINUTE + 4 * S))
    assert fired == [1, 0, 1, 0]  # down, still down, up; and at 70 neither
    assert [len(executions(action)) for action in (below, above)] == [1, 1]
    seen = executions(below)[0].observation
    assert D(seen["value"]) == rsi_at_close([D(n) for n in [100, 101] * 10] + [D(90)], 2)
    assert (seen["level"], seen["price"]) == ("30", None)


def test_daily_relative_strength_waits_for_the_days_bar_and_for_enough_of_them(desk):
    action = strength(desk, timeframe="1d")
    bars("AAPL", "1d", TODAY, list(range(120, 101, -1)))
    closes_at = datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert observing.observe(now=closes_at + MINUTE) == 0  # 19 bars of 21
    bars("AAPL", "1d", TODAY - 19 * DAY, [122, 121])
    assert observing.observe(now=closes_at + 2 * MINUTE) == 1
    assert executions(action)[0].observation["value"] == "0"


# --- drawdown of a portfolio
def falls(desk, **changes) -> Action:
    drawdown = {"trigger_type": "drawdown_above", "trigger_params": {"percent": "10"}}
    return telling(desk, symbol=None, max_executions=None, **drawdown, **changes)


def test_a_portfolio_that_falls_far_enough_below_its_peak_fires_once(desk, other):
    action, others = falls(desk), falls(other)
    hold(desk, quantity="500")
    quote("AAPL", "100", at=NOW)
    assert observing.observe(now=NOW + MINUTE) == 0
    equity = desk.portfolio.__class__.objects.get(id=desk.portfolio.id).cash + 50_000
    quote("AAPL", str(100 - equity / 5000), at=NOW + MINUTE + S)  # 10 % of it
    assert observing.observe(now=NOW + MINUTE + 2 * S) == 0  # judged once a minute
    assert observing.observe(now=NOW + 2 * MINUTE) == 1
    assert observing.observe(now=NOW + 3 * MINUTE) == 0
    quote("AAPL", "100", at=NOW + 3 * MINUTE + S)
    observing.observe(now=NOW + 4 * MINUTE)
    quote("AAPL", "50", at=NOW + 4 * MINUTE + S)
    assert observing.observe(now=NOW + 5 * MINUTE) == 1
    assert (len(executions(action)), executions(others)) == (2, [])
    assert executions(action)[0].observation["symbol"] == f"portfolio:{desk.portfolio.id}"


def test_a_drawdown_is_unknown_while_a_holding_has_no_price(desk):
    action = falls(desk)
    hold(desk)
    Quote.objects.all().delete()
    assert observing.observe(now=NOW + MINUTE) == 0
    assert watch_of(action).series.value is None


def test_a_rule_about_a_portfolio_asks_the_feed_for_no_symbol(desk):
    falls(desk)
    assert all(":" not in symbol for symbol in subscriptions.wanted())


def test_what_is_up_to_date_costs_one_query(desk, django_assert_max_num_queries):
    for window in ("1d", "session", "since_armed"):
        change(desk, window)
    with django_assert_max_num_queries(2):
        observing.observe(now=NOW)
