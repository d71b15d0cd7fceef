"""Bugs that rule engines of other projects had, each held against this one: memory, clocks, switches, edits.

Every docstring names where the bug was reported or read. "Restart" here means: nothing of what is in memory is used
again; whatever the engine needs it reads from its rows (journeys restart real processes).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.models import Alert
from automation import clockwork, evaluating, lifecycle, sweeping
from markets.models import MarketSession
from orders.models import Order
from safety import switch
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
)
from tests.automation.peers import DAY, TRAIL, edit, held, restart
from tests.orders.making import NOW, open_market, quote

pytestmark = pytest.mark.django_db


# --- state that is lost
def test_a_cooldown_is_not_forgotten_by_a_restart(desk):
    """freqtrade: /stopentry is not persisted over a restart; OctoBot's trigger frequency lives in memory."""
    action = telling(desk, max_executions=None, cooldown_seconds=60)
    see("89", at=NOW + S)
    for n in range(2, 61, 10):
        restart()
        sweeping.rearm(NOW + n * S)
        see("95" if n % 20 else "89", at=NOW + n * S)
    assert len(executions(action)) == 1
    see("95", at=NOW + 61 * S)
    sweeping.rearm(NOW + 62 * S)
    see("89", at=NOW + 62 * S)
    assert len(executions(action)) == 2


def test_a_trailing_peak_survives_a_restart_and_an_edit_of_the_notes(desk):
    """whittlem/pycryptobot#775, DeviaVir/zenbot#1239: after a restart the bot had forgotten its position, the stop did
    not fire. This project's seed kept the peak in trigger_params, where a PATCH overwrote it."""
    hold(desk)
    action = rule(desk, action_type="SELL", **TRAIL)
    for n, price in enumerate(["100", "150", "140"], start=1):
        see(price, at=NOW + n * S)
    assert "peak" not in fresh(action).trigger_params
    restart()
    edit(desk, action, notes="leave it", name="Stop", quantity="20")
    assert see("135.01", at=NOW + 5 * S) == 0
    assert see("135", at=NOW + 6 * S) == 1  # 10 % below 150
    carry_out(now=NOW + 6 * S)
    assert held(desk) == 80


def test_a_daily_cap_is_counted_from_rows_by_the_exchanges_date(desk):
    """anusambath/trading-bot#27: the daily breaker reset on restart. Puffling's first life: the day was server time,
    and paper accounts were let past before the cap was asked."""
    SafetyPolicy.objects.filter(user=desk.user).update(max_daily_trades=1)
    first, second = rule(desk), rule(desk, trigger_params={"threshold": "80"})
    see("89", at=NOW + S)
    carry_out(now=NOW + S)
    restart()
    see("79", at=NOW + 2 * S)
    carry_out(now=NOW + 2 * S)
    assert executions(first)[0].state == "succeeded"
    assert executions(second)[0].reason_code == "DAILY_TRADE_CAP"


def test_a_denied_stop_is_tried_again_and_not_spent(desk):
    """yubing744/trading-gpt#94: the key of an attempt that came to nothing was never released, or released at once and
    tried without end."""
    hold(desk)
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    action = rule(desk, action_type="SELL")
    see("89", at=NOW + S)
    carry_out(now=NOW + S)
    assert fresh(action).executions_count == 0
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=[])
    for after in (2, 30):
        see("89", at=NOW + after * S)
        sweeping.rearm(NOW + after * S)
    assert len(executions(action)) == 1
    quote("AAPL", "89", at=NOW + 62 * S)
    sweeping.rearm(NOW + 62 * S)
    evaluating.evaluate_quotes(now=NOW + 62 * S)
    carry_out(now=NOW + 62 * S)
    assert held(desk) == 90


# --- clocks
@pytest.fixture
def new_york(desk):
    """Sessions around both changes of the clocks in 2026: 8 March and 1 November."""
    for day in (date(2026, 3, 8), date(2026, 11, 1)):
        open_market(day=day)
    MarketSession.objects.exclude(date__year=2026).delete()


@pytest.mark.parametrize(
    ("before", "hours"),
    [
        (datetime(2026, 3, 7, 12, tzinfo=UTC), (21, 20)),  # 16:04 is 21:04 in winter, 20:04 in summer
        (datetime(2026, 10, 31, 12, tzinfo=UTC), (20, 21)),
    ],
)
def test_a_time_in_new_york_stays_that_time_when_the_clocks_change(new_york, desk, before, hours):
    """celery/django-celery-beat#134, open since 2018: on 9 March 2025 a job for 16:04 in New York ran at 17:04. #194,
    celery#1604: ran twice."""
    params = {"time": "16:04", "trading_days_only": False}
    action = telling(desk, now=before, max_executions=None, trigger_type="time_of_day", trigger_params=params)
    for day, hour in enumerate(hours):
        due = before.replace(hour=hour, minute=4) + day * DAY
        assert fresh(action).next_evaluation_at == due
        for early in (-60, -1):
            assert clockwork.run_due(now=due + timedelta(minutes=early)) == 0
        assert clockwork.run_due(now=due) == 1
        assert clockwork.run_due(now=due + timedelta(hours=1)) == 0
    assert len(executions(action)) == 2


@pytest.mark.parametrize(
    ("time", "before", "due"),
    [
        # 02:30 does not exist on 8 March: that day is left out.
        ("02:30", datetime(2026, 3, 8, 5, 30, tzinfo=UTC), datetime(2026, 3, 9, 6, 30, tzinfo=UTC)),
        # 01:30 comes twice on 1 November: the first counts.
        ("01:30", datetime(2026, 11, 1, 4, 0, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("01:30", datetime(2026, 11, 1, 5, 31, tzinfo=UTC), datetime(2026, 11, 2, 6, 30, tzinfo=UTC)),
    ],
)
def test_a_time_that_does_not_exist_or_exists_twice(new_york, desk, time, before, due):
    """celery#6438: beat stopped at the end of summer time; celery#1604: it ran twice."""
    params = {"time": time, "trading_days_only": False}
    action = telling(desk, now=before, max_executions=None, trigger_type="time_of_day", trigger_params=params)
    assert fresh(action).next_evaluation_at == due


def test_switching_a_clock_on_again_does_not_make_up_for_missed_times(desk):
    """django-celery-beat#537, #459: a job that was enabled again ran at once, and again at its time."""
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "15:05", "timezone": "UTC"}}
    action = telling(desk, max_executions=None, **clock)
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    assert clockwork.run_due(now=NOW + 6 * MINUTE) == 0
    lifecycle.resume(user=desk.user, action_id=action.id, now=NOW + 10 * MINUTE, actor="ada")
    assert clockwork.run_due(now=NOW + 10 * MINUTE) == 0
    assert fresh(action).next_evaluation_at == NOW + 5 * MINUTE + DAY
    assert not executions(action)


def test_an_edit_of_one_clock_leaves_the_others_alone(desk):
    """django-celery-beat#677, #818: an edit of any schedule near its time made another one skip."""
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "15:05", "timezone": "UTC"}}
    one, two = telling(desk, **clock), telling(desk, **clock)
    edit(desk, two, now=NOW + 5 * MINUTE - S, trigger_params={"time": "15:30", "timezone": "UTC"})
    assert clockwork.run_due(now=NOW + 5 * MINUTE) == 1
    assert (len(executions(one)), len(executions(two))) == (1, 0)


def test_a_time_passed_during_an_outage_is_told_and_not_done_late(desk):
    """junta/tradingview-alert-connector#44, Sentello/TradeX#1: alerts were lost without a word."""
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "15:05", "timezone": "UTC"}}
    action = rule(desk, **clock)
    for minutes in (45, 46):
        sweeping.sweep(NOW + minutes * MINUTE)
    assert not executions(action)
    assert not Order.objects.exists()
    alert = Alert.objects.get(kind="expired")
    assert "2026-11-20 15:05 UTC" in f"{alert.title} {alert.body}"


def test_a_rule_whose_window_ended_does_not_fire(desk):
    """freqtrade#6649 and many like it: nobody could say which of several limits had ended a rule."""
    action = rule(desk, valid_until=(NOW + MINUTE).isoformat())
    assert see("89", at=NOW + MINUTE + S) == 0
    clockwork.run_due(now=NOW + MINUTE + S)
    assert (fresh(action).status, executions(action)) == ("expired", [])
    assert fresh(action).status_reason.startswith("valid until")


# --- switched off
@pytest.mark.parametrize("verb", [lifecycle.pause, lifecycle.cancel])
def test_a_rule_that_was_switched_off_does_nothing_even_if_it_had_fired(desk, verb):
    """hummingbot#1508, #2534: orders after stop; pattertj/LoopTrader#75: ignored inside the order loop."""
    before, after = rule(desk), rule(desk)
    see("89", at=NOW + S)
    for action in (before, after):
        verb(user=desk.user, action_id=action.id, now=NOW + S, actor="ada")
    carry_out(now=NOW + 2 * S)
    see("80", at=NOW + 3 * S)
    carry_out(now=NOW + 3 * S)
    assert [execution.state for execution in executions(before) + executions(after)] == ["skipped"] * 2
    assert not Order.objects.exists()


def test_nothing_is_sent_after_the_kill_switch_by_trigger_or_by_hand(desk):
    """hummingbot#2534: the stop raised an exception and orders kept coming. This project's seed let "execute now" past
    the checks."""
    one, two = rule(desk), rule(desk, trigger_params={"threshold": "50"})
    see("89", at=NOW + S)
    switch.kill(scope="user", user=desk.user, reason="test", actor="ada", now=NOW + S)
    lifecycle.execute_now(user=desk.user, action_id=two.id, now=NOW + S, actor="ada")
    carry_out(now=NOW + S)
    assert {execution.reason_code for execution in executions(one) + executions(two)} == {"KILL_SWITCH_ACTIVE"}
    assert held(desk) == 0


# --- edits
def test_a_new_level_starts_over_and_a_new_name_does_not(desk):
    """This project's seed: an edit reset the peak. Grafana and Home Assistant: pending time lost on reload."""
    action = telling(desk, trigger_type="price_above", trigger_params={"threshold": "110", "edge": "cross"})
    see("100", at=NOW + S)  # primed
    edit(desk, action, name="Breakout", notes="x", cooldown_seconds=0)
    assert see("110", at=NOW + 2 * S) == 1
    again = telling(
        desk, now=NOW + 3 * S, trigger_type="price_above", trigger_params={"threshold": "120", "edge": "cross"}
    )
    see("115", at=NOW + 4 * S)
    edit(desk, again, now=NOW + 5 * S, trigger_params={"threshold": "112", "edge": "cross"})
    assert see("116", at=NOW + 6 * S) == 0  # above the new level when first seen under it: no cross
    assert see("111", at=NOW + 7 * S) == 0
    assert see("112", at=NOW + 8 * S) == 1


def test_an_edit_of_the_size_leaves_the_side(desk):
    """OpenAlgo 2.0.2.1: Modify flipped SELL to BUY."""
    hold(desk)
    action = rule(desk, action_type="SELL")
    edit(desk, action, quantity="30")
    see("89", at=NOW + S)
    carry_out(now=NOW + S)
    assert Order.objects.get().side == "sell"
    assert held(desk) == 70


def test_a_firing_under_an_old_version_is_not_taken_for_one_under_the_new(desk):
    """nautechsystems/nautilus_trader#3176 and openalgo PR#1991: what was matched by its parameters was bound to an
    older order."""
    action = rule(desk, max_executions=None)
    see("89", at=NOW + S)
    edit(desk, action, now=NOW + S, trigger_params={"threshold": "80"})
    carry_out(now=NOW + S)
    see("79", at=NOW + 2 * S)
    carry_out(now=NOW + 2 * S)
    keys = list(Order.objects.order_by("created_at").values_list("idempotency_key", flat=True))
    assert len(set(keys)) == len(keys) == 2
    assert len({execution.epoch for execution in executions(action)}) == 2
