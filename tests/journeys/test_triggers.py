"""Each kind of trigger, from a tick to the ledger and the inbox, through real workers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.models import Alert
from automation.models import Action
from common.clock import now
from tests.journeys.market import D, Listing, minute
from tests.journeys.people import Person, firings, until_done
from tests.journeys.proof import nothing_happened, traded_once
from tests.journeys.stack import Stack
from tests.journeys.waiting import eventually
from watches.models import Series, Timer

pytestmark = pytest.mark.journey


def test_a_price_below_the_threshold_buys(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "price_below", {"threshold": "95"})
    listing.trade("95.01")
    assert firings(rule) == []
    listing.trade("95")
    until_done(rule, 1, listing)
    (order,) = traded_once(rule)
    assert order.side == "buy"
    assert D("95") < order.average_price < D("95.05")  # half the spread, and 2 bps of slippage
    assert Action.objects.get(pk=rule.pk).status == "completed"


def test_a_price_above_the_threshold_sells_part_of_a_position(stack: Stack, ann: Person, listing: Listing):
    ann.owns(listing, 20)
    rule = ann.rule(listing, "price_above", {"threshold": "103"}, action_type="SELL", percent_of_position="25")
    listing.trade("102.99")
    assert firings(rule) == []
    listing.trade("103.5")
    until_done(rule, 1, listing)
    (order,) = traded_once(rule)
    assert order.side == "sell"
    assert ann.portfolio.holdings.get().quantity == 15


def test_a_rule_that_is_already_true_fires_at_once(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "price_above", {"threshold": "90"})
    until_done(rule, 1, listing)
    traded_once(rule)


def test_a_cross_needs_the_other_side_first_and_comes_back_by_its_hysteresis(
    stack: Stack, ann: Person, listing: Listing
):
    listing.trade("101")
    rule = ann.rule(
        listing, "price_above", {"threshold": "100", "edge": "cross", "hysteresis": "1"}, max_executions=2,
        action_type="NOTIFY", message="crossed",
    )  # fmt: skip
    for price, fired in (
        ("101.5", 0),  # above from the start: not a cross
        ("99.8", 0),
        ("100.2", 1),  # the cross
        ("99.5", 1),  # back, but not by a dollar
        ("100.4", 1),
        ("98.9", 1),  # arms again
        ("100", 2),
        ("98", 2),
        ("101", 2),  # both executions are used up
    ):
        listing.trade(price)
        assert len(firings(rule)) == fired, price
    until_done(rule, 2)
    assert Alert.objects.filter(user=ann.user, kind="note", title="crossed").count() == 2
    assert Action.objects.get(pk=rule.pk).status == "completed"


def test_a_fall_from_the_previous_close_buys_the_dip(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "change_pct", {"change": "4", "direction": "down", "window": "1d"})
    listing.trade("104.5")  # up is not down
    listing.trade("96.01")
    assert firings(rule) == []
    listing.trade("96")
    until_done(rule, 1, listing)
    traded_once(rule)


def test_a_rise_within_a_rolling_window_is_measured_from_the_minute_bar_that_long_ago(
    stack: Stack, ann: Person, listing: Listing
):
    listing.minute_bars(*["90"] * 5, *["100"] * 20, end=minute())
    rule = ann.rule(listing, "change_pct", {"change": "3", "direction": "up", "window": "15m"})
    base = Series.objects.filter(subject=listing.symbol, observable="change_pct:15m", reference=100)
    eventually(base.exists, "the sweeper found the price of 15 minutes ago")
    listing.trade("102.99")
    assert firings(rule) == []
    listing.trade("103")
    until_done(rule, 1, listing)
    traded_once(rule)


def test_a_clock_rule_fires_when_its_time_has_come(stack: Stack, ann: Person, listing: Listing):
    """The rule says 23:59; the test brings that instant near, because rules know whole minutes only."""
    rule = ann.rule(listing, "time_of_day", {"time": "23:59", "timezone": "UTC"}, max_executions=None)
    timer = Timer.objects.get(owner_id=rule.id, purpose="fire")
    assert timer.due_at > now() - timedelta(minutes=1)
    Timer.objects.filter(pk=timer.pk).update(due_at=now() + timedelta(seconds=2))
    until_done(rule, 1, listing)
    traded_once(rule)
    following = Timer.objects.get(owner_id=rule.id, purpose="fire")
    assert following.due_at >= timer.due_at  # armed again, for 23:59
    assert following.epoch == 2


def test_a_trailing_stop_sells_when_the_price_falls_from_its_high(stack: Stack, ann: Person, listing: Listing):
    ann.owns(listing, 5)
    rule = ann.rule(listing, "trailing_stop", {"percent": "5"}, action_type="SELL", percent_of_position="100")
    for price in ("101", "110", "104.51", "109"):
        listing.trade(price)
        assert firings(rule) == [], price
    listing.trade("104.5")  # 5 % below 110
    until_done(rule, 1, listing)
    traded_once(rule)
    assert not ann.portfolio.holdings.filter(quantity__gt=0).exists()


def test_a_live_average_cross_buys(stack: Stack, ann: Person, listing: Listing):
    listing.minute_bars("103", "102", "101", "100", "99", end=minute())
    listing.trade("99")
    rule = ann.rule(listing, "ma_cross", {"short": 2, "long": 4, "timeframe": "1m", "direction": "up", "on": "live"})
    ready = Series.objects.filter(subject=listing.symbol, observable__startswith="ma_spread").exclude(reference=None)
    eventually(ready.exists, "the sweeper computed the averages")
    listing.trade("99.5")
    assert firings(rule) == []
    listing.trade("104")
    until_done(rule, 1, listing)
    traded_once(rule)


def test_an_average_cross_at_a_bars_close_buys_once(stack: Stack, ann: Person, listing: Listing):
    """The rule was armed six minutes ago, so that the bar that crosses is one that has just closed."""
    last = minute(1)
    listing.minute_bars("103", "102", "101", "100", "99", end=last - timedelta(minutes=1))
    rule = ann.rule(
        listing, "ma_cross", {"short": 2, "long": 4, "timeframe": "1m"}, armed_at=now() - timedelta(minutes=6)
    )
    seen = Series.objects.filter(subject=listing.symbol, observable__startswith="ma_cross").exclude(value_at=None)
    eventually(seen.exists, "the sweeper looked at the closed bars")
    assert firings(rule) == []
    listing.minute_bars("108", end=last)
    until_done(rule, 1, listing)
    traded_once(rule)


def test_the_sessions_volume_reaches_a_threshold(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "volume_above", {"threshold": "50000"})
    listing.trade("100", volume="49999")
    assert firings(rule) == []
    listing.trade("100.1", volume="50000")
    until_done(rule, 1, listing)
    traded_once(rule)


def test_a_rule_in_notify_mode_tells_and_trades_nothing(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "price_below", {"threshold": "95"}, mode="notify")
    listing.trade("94")
    (execution,) = until_done(rule, 1, listing)
    assert execution.state == "succeeded"
    assert Alert.objects.filter(user=ann.user, kind="note").count() == 1
    assert not ann.portfolio.orders.exists()


def test_a_paused_rule_sleeps_and_a_resumed_one_wakes(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "price_below", {"threshold": "95"})
    with ann.api(stack.url) as api:
        assert api.post(f"actions/{rule.id}/pause/").status_code == 200
        listing.trade("94")
        nothing_happened(ann)
        assert api.post(f"actions/{rule.id}/resume/").status_code == 200
    until_done(rule, 1, listing)
    traded_once(rule)
