"""Alerts are told once per arming: not again while true, again after they came back, and never on what is unknown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from alerts import configs
from alerts.models import Alert, AlertConfig
from automation import evaluating, sweeping
from live.models import Event
from markets.models import Quote
from markets.quoting import record_ticks
from markets.types import Tick
from tests.alerts.making import config, fresh, state, told, watch_of
from tests.automation.making import MINUTE, D, S, bars, executions, quote, see, telling
from tests.orders.making import NOW, SYMBOLS, Desk, open_desk, open_market
from watches import machine
from watches.models import Watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Desk:
    open_market()
    for symbol in SYMBOLS:
        quote(symbol, "100")
    evaluating.evaluate_quotes(now=NOW)
    return open_desk("ada")


def prices(alert: AlertConfig, *seen: str, start: int = 1) -> list[int]:
    """How often it has been told after each price, one a second."""
    counts = []
    for second, price in enumerate(seen, start=start):
        see(price, at=NOW + second * S)
        counts.append(len(told(alert)))
    return counts


@pytest.mark.parametrize(
    ("condition", "seen", "counts"),
    [
        ({"above": 110}, ["109.99", "110", "115", "110", "109.99", "110"], [0, 1, 1, 1, 1, 2]),
        ({"above": "110", "hysteresis": "2"}, ["110", "109", "111", "108", "110"], [1, 1, 1, 1, 2]),
        ({"below": 90}, ["90.01", "90", "80", "91", "89"], [0, 1, 1, 1, 2]),
        ({"crosses": 110}, ["105", "111", "112", "109", "108", "110", "111"], [0, 1, 1, 2, 2, 2, 3]),
        ({"crosses": 110}, ["105", "110", "110", "110.01", "110", "110"], [0, 0, 0, 1, 1, 1]),
        # The base is the first price seen, and after each telling the next one: here 94.
        ({"change_pct": 5, "window": "since_armed"}, ["100", "104.9", "95", "94", "98.6", "98.7"], [0, 0, 1, 1, 1, 2]),
    ],
)
def test_a_price_alert_is_told_once_and_again_after_it_came_back(desk, condition, seen, counts):
    assert prices(config(desk.user, {"symbol": "AAPL", **condition}), *seen) == counts


def test_what_is_told_says_what_was_seen(desk):
    alert = config(desk.user, name="Rich", severity="warning")
    see("111.5", at=NOW + S)
    (found,) = told(alert)
    assert (found.kind, found.severity, found.symbol) == ("price", "warning", "AAPL")
    assert found.title == "Rich: AAPL is at or above $110"
    assert found.body == "Seen: $111.5 against $110 at 2026-11-20 15:00:01 UTC."
    assert (found.data["value"], found.data["level"], found.data["source"]) == ("111.5", "110", "test")
    after = fresh(alert)
    assert (after.epoch, after.fired_count, after.last_fired_at, after.last_value) == (2, 1, NOW + S, D("111.5"))
    assert Event.objects.filter(user=desk.user, topic="alerts", kind="alert").count() == 1


def test_what_is_already_true_is_told_at_once_and_only_once(desk):
    see("120", at=NOW + S)
    alert = config(desk.user, now=NOW + 2 * S)
    evaluating.evaluate_quotes(now=NOW + 2 * S)
    assert len(told(alert)) == 1
    evaluating.evaluate_quotes(now=NOW + 3 * S)
    assert (len(told(alert)), state(alert, now=NOW + 3 * S)) == (1, "true")


def test_acknowledging_does_not_arm_it_while_it_is_true(desk):
    alert = config(desk.user)
    see("111", at=NOW + S)
    Alert.objects.update(acknowledged_at=NOW + S)
    assert prices(alert, "112", "113", start=2) == [1, 1]


def test_a_cooldown_keeps_it_quiet_and_it_is_told_when_that_is_over(desk):
    alert = config(desk.user, cooldown_seconds=60)
    assert prices(alert, "110", "109", "111", "109", "112") == [1, 1, 1, 1, 1]
    assert state(alert, now=NOW + 5 * S) == "cooling"
    late = NOW + 62 * S
    sweeping.rearm(late)  # a rearmed alert is shown the standing price: it is true
    evaluating.evaluate_quotes(now=late)
    assert len(told(alert)) == 2


def test_one_that_is_told_once_is_done(desk):
    alert = config(desk.user, repeats=False)
    assert prices(alert, "110", "109", "111") == [1, 1, 1]
    assert (fresh(alert).enabled, state(alert), watch_of(alert).phase) == (False, "done", machine.OFF)
    configs.set_enabled(user=desk.user, config_id=alert.id, enabled=True, now=NOW + 5 * S)
    evaluating.evaluate_quotes(now=NOW + 5 * S)
    assert len(told(alert)) == 2


def test_a_window_without_history_is_unknown_and_silent_until_there_is_some(desk):
    alert = config(desk.user, {"symbol": "AAPL", "change_pct": 5, "window": "15m", "direction": "up"})
    assert prices(alert, "120", "130") == [0, 0]
    assert state(alert) == "unknown"
    bars("AAPL", "1m", NOW - 15 * MINUTE, ["100", "100"])
    sweeping.observing.observe(now=NOW + 10 * S)
    assert prices(alert, "104", "106", "107", start=11) == [0, 1, 1]


def test_prices_nobody_can_use_are_not_judged(desk):
    alert = config(desk.user)
    stale = Tick(symbol="AAPL", price=D(200), at=NOW - timedelta(hours=1), source="test", session_date=NOW.date())
    record_ticks(ticks=[stale], now=NOW + S)
    evaluating.evaluate_quotes(now=NOW + S)
    Quote.objects.filter(instrument="AAPL").update(last=D(200), high=D(200), dirty=True, received_at=NOW)
    evaluating.evaluate_quotes(now=NOW + timedelta(minutes=10))
    assert told(alert) == []


def test_a_price_long_seen_leaves_an_open_market_unknown(desk):
    alert = config(desk.user)
    assert state(alert, now=NOW + S) == "armed"
    assert state(alert, now=NOW + timedelta(minutes=10)) == "unknown"


def test_switched_off_edited_and_deleted_ones_are_silent(desk):
    off, moved, gone = (config(desk.user) for _ in range(3))
    configs.set_enabled(user=desk.user, config_id=off.id, enabled=False, now=NOW)
    configs.update(user=desk.user, config_id=moved.id, changes={"condition": {"symbol": "AAPL", "above": 120}}, now=NOW)
    configs.delete(user=desk.user, config_id=gone.id, now=NOW)
    see("115", at=NOW + S)
    assert not Alert.objects.filter(kind="price").exists()
    see("120", at=NOW + 2 * S)
    assert len(told(moved)) == 1
    assert not Watch.objects.filter(owner_id=gone.id).exists()


def test_a_stale_watch_of_another_epoch_is_switched_off(desk):
    alert = config(desk.user)
    AlertConfig.objects.filter(id=alert.id).update(epoch=7)
    see("115", at=NOW + S)
    assert (told(alert), watch_of(alert).phase) == ([], machine.OFF)


def test_rules_and_alerts_are_judged_in_one_transaction(desk):
    action = telling(desk, trigger_type="price_above", trigger_params={"threshold": "110"})
    alert = config(desk.user)
    quote("AAPL", "111", at=NOW + S)
    done = evaluating.evaluate_quotes(now=NOW + S)
    assert (done.fired, done.told) == (1, 1)
    assert len(executions(action)) == len(told(alert)) == 1


def test_alerts_of_others_are_theirs(desk):
    other = open_desk("bob")
    mine, theirs = config(desk.user), config(other.user, {"symbol": "AAPL", "below": 50})
    see("111", at=NOW + S)
    assert (len(told(mine)), told(theirs)) == (1, [])
    assert set(Alert.objects.filter(kind="price").values_list("user", flat=True)) == {desk.user.pk}


def test_thousands_cost_as_many_statements_as_a_few(desk, django_assert_max_num_queries):
    def many(count: int, symbol: str) -> list[AlertConfig]:
        rows = [
            AlertConfig(
                user=desk.user, alert_type="price", condition={"symbol": symbol, "above": "110", "hysteresis": "0"},
                instrument_id=symbol, created_at=NOW, updated_at=NOW, cooldown_seconds=0,
            )
            for _ in range(count)
        ]  # fmt: skip
        AlertConfig.objects.bulk_create(rows)
        pattern = watch_of(config(User.objects.create_user(f"pattern{symbol}"), {"symbol": symbol, "above": "110"}))
        watches = []
        for row in rows:
            pattern.pk, pattern.owner_id, pattern.epoch = None, row.id, 1
            watches.append(Watch(**{f.attname: getattr(pattern, f.attname) for f in Watch._meta.concrete_fields}))
        Watch.objects.bulk_create(watches)
        return rows

    many(3, "AAPL"), many(2000, "MSFT")
    with django_assert_max_num_queries(45):
        quote("AAPL", "111", at=NOW + S)
        assert evaluating.evaluate_quotes(now=NOW + S).told == 4
    with django_assert_max_num_queries(45):
        quote("MSFT", "111", at=NOW + S)
        assert evaluating.evaluate_quotes(now=NOW + S).told == 2001
    assert AlertConfig.objects.filter(fired_count=1).count() == 2005
    quote("MSFT", "112", at=NOW + 2 * S)
    assert evaluating.evaluate_quotes(now=NOW + 2 * S).told == 0
