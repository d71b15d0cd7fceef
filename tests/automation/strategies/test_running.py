"""Runs: once per bar, changes only, unknown says so and does nothing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from alerts.models import Alert
from automation.strategies import running
from automation.strategies.lifecycle import update_strategy
from automation.strategies.models import Strategy, StrategyRun, StrategySignal
from common.errors import Conflict
from tests.automation.strategies.making import (
    DAY,
    DOWN,
    MIDNIGHT,
    SOON,
    UP,
    daily,
    judge,
    signals,
    standing,
    strategy,
    trading,
)


def test_a_change_of_the_target_is_one_row_that_waits(desk):
    daily("AAPL", UP)
    made = strategy(desk)
    run = judge(made)
    assert (run.known, run.unknown, run.changed, run.cause) == (1, 0, 1, "bar")
    (signal,) = signals(made)
    assert (signal.signal, signal.target, signal.state) == (1.0, Decimal("0.04"), "pending")
    assert (signal.act_from, signal.expires_at) == (MIDNIGHT, MIDNIGHT + timedelta(minutes=15))
    assert signal.close == 111


def test_running_twice_does_nothing_twice(desk):
    daily("AAPL", UP)
    made = strategy(desk)
    first = judge(made)
    again = judge(made, at=SOON + timedelta(seconds=5))
    assert again == first
    assert running.run(Strategy.objects.get(pk=made.pk), SOON, cause="manual") == first
    assert StrategyRun.objects.count() == StrategySignal.objects.count() == 1
    assert running.run_due(SOON) == 0


def test_the_same_signal_at_the_next_bar_is_no_row(desk):
    daily("AAPL", UP)
    made = strategy(desk)
    judge(made)
    standing_before = standing(made)
    made.symbols.update(applied=standing_before.target)  # it was carried out
    daily("AAPL", [112], last=date(2026, 11, 20))
    run = judge(made, at=SOON + DAY)
    assert (run.known, run.changed) == (1, 0)
    assert len(signals(made)) == 1


def test_what_was_not_carried_out_is_wanted_again_by_the_newest_bar_only(desk):
    daily("AAPL", UP)
    made = strategy(desk)
    judge(made)
    daily("AAPL", [112], last=date(2026, 11, 20))
    judge(made, at=SOON + DAY)
    first, second = signals(made)
    assert (first.state, first.reason_code) == ("superseded", "SUPERSEDED")
    assert (second.state, second.target) == ("pending", Decimal("0.04"))


def test_it_waits_for_a_late_bar_and_then_says_it_is_unknown(desk):
    daily("AAPL", UP[:-1], last=date(2026, 11, 18))
    made = strategy(desk)
    assert judge(made) is None
    assert judge(made, at=MIDNIGHT + timedelta(minutes=9)) is None
    run = judge(made, at=MIDNIGHT + timedelta(minutes=10))
    assert (run.known, run.unknown, run.changed) == (0, 1, 0)
    assert "AAPL: its bar of 2026-11-19 is missing" in run.note
    (signal,) = signals(made)
    assert (signal.state, signal.signal, signal.target) == ("unknown", None, None)
    alert = Alert.objects.get(user=desk.user, kind="data")
    assert "does not know AAPL" in alert.title
    made.refresh_from_db()
    assert made.status == "unknown"


def test_a_gap_in_the_window_of_one_symbol_keeps_only_that_one_from_trading(desk):
    daily("AAPL", UP, skip=5)
    daily("MSFT", UP)
    made = strategy(desk, symbols=["AAPL", "MSFT"])
    run = judge(made)
    assert (run.known, run.unknown, run.changed) == (1, 1, 1)
    assert standing(made, "AAPL").unknown == "its bar of 2026-11-14 is missing"
    assert {signal.instrument_id: signal.state for signal in signals(made)} == {"AAPL": "unknown", "MSFT": "pending"}


def test_too_short_a_history_is_unknown(desk):
    daily("AAPL", UP[:4])
    made = strategy(desk)
    judge(made)
    assert standing(made).unknown == "it has 4 of the 6 bars it needs"


def test_an_unknown_signal_is_told_once_and_keeps_the_last_known_one(desk):
    daily("AAPL", UP)
    made = strategy(desk)
    judge(made)
    for n in (1, 2):
        judge(made, at=MIDNIGHT + n * DAY + timedelta(minutes=11))
    assert [signal.state for signal in signals(made)] == ["superseded", "unknown"]
    assert standing(made).signal == 1.0


def test_a_bar_seen_too_late_is_recorded_as_missed_and_bars_nobody_saw_are_counted(desk):
    daily("AAPL", UP)
    made = strategy(desk)
    judge(made)
    made.symbols.update(applied=Decimal("0.04"))
    daily("AAPL", [100, 99, 98], last=date(2026, 11, 22))
    run = judge(made, at=MIDNIGHT + 3 * DAY + timedelta(hours=2))
    assert (run.missed, run.changed) == (2, 1)
    signal = signals(made)[-1]
    assert (signal.state, signal.reason_code, signal.target) == ("missed", "TOO_LATE", 0)
    daily("AAPL", [97], last=date(2026, 11, 23))
    judge(made, at=SOON + 4 * DAY)
    assert signals(made)[-1].state == "pending"  # still wanted: only the newest target counts


def test_a_strategy_set_up_after_the_open_acts_from_the_next_bar_on(desk):
    daily("AAPL", UP)
    made = strategy(desk, now=MIDNIGHT + timedelta(hours=3))
    judge(made, at=MIDNIGHT + timedelta(hours=3, minutes=1))
    (signal,) = signals(made)
    assert (signal.state, signal.reason_code) == ("missed", "STRATEGY_IS_NEW")


def test_a_person_may_run_it_at_any_time(desk):
    daily("AAPL", UP)
    made = strategy(desk)
    at = MIDNIGHT + timedelta(hours=3)
    running.run(made, at, cause="manual")
    (signal,) = signals(made)
    assert (signal.state, signal.act_from, signal.expires_at) == ("pending", at, at + timedelta(minutes=15))
    update_strategy(user=desk.user, strategy_id=made.pk, changes={"enabled": False}, now=at, actor="ada")
    with pytest.raises(Conflict, match="switched off"):
        running.run(made, at, cause="manual")
    assert judge(made, at=at) is None


def test_a_cron_strategy_runs_at_its_time(desk):
    daily("AAPL", UP)
    made = strategy(desk, cron="30 10 * * *")  # 15:30 UTC
    assert running.run_due(MIDNIGHT + timedelta(hours=10)) == 0
    at = MIDNIGHT + timedelta(hours=10, minutes=30, seconds=1)
    assert running.run_due(at) == 1
    made.refresh_from_db()
    assert made.next_run_at == MIDNIGHT + timedelta(hours=34, minutes=30)
    assert (StrategyRun.objects.get().cause, signals(made)[0].act_from) == ("cron", at)


def test_an_edit_that_makes_another_strategy_of_it_judges_the_bar_again(desk):
    daily("AAPL", UP)
    made = strategy(desk)
    judge(made)
    changes = {"params": {"lookback": 4}}
    update_strategy(user=desk.user, strategy_id=made.pk, changes=changes, now=SOON, actor="ada")
    judge(made, at=SOON + timedelta(seconds=5))
    assert [(s.epoch, s.state) for s in StrategySignal.objects.order_by("epoch")] == [
        (1, "superseded"),
        (2, "pending"),
    ]


def test_the_modes_above_monitor_tell(desk):
    daily("AAPL", UP)
    quiet, telling = strategy(desk, name="Quiet"), strategy(desk, name="Telling", mode="alert")
    judge(quiet)
    judge(telling)
    alert = Alert.objects.get(user=desk.user)
    assert alert.title.startswith("Telling signals: AAPL unknown → long, 0 % → 4 % of the equity")
    assert "Nothing was ordered" in alert.body


def test_signals_flip_to_flat_and_the_size_is_that_of_the_change(desk):
    daily("AAPL", UP)
    made = trading(desk, sizing={"kind": "percent_risk", "risk": "0.1", "period": 5, "cap": "50"})
    judge(made)
    first = signals(made)[0].target
    assert 0 < first < Decimal("0.5")
    made.symbols.update(applied=first)
    daily("AAPL", [140], last=date(2026, 11, 20))  # the ranges are other ones now, the signal is the same
    assert judge(made, at=SOON + DAY).changed == 0
    daily("AAPL", [90], last=date(2026, 11, 21))
    judge(made, at=SOON + 2 * DAY)
    assert (signals(made)[-1].signal, signals(made)[-1].target) == (-1.0, 0)


def test_the_sweeper_runs_what_no_worker_took(desk):
    daily("AAPL", DOWN)
    strategy(desk)
    assert running.sweep(SOON) == 1  # a nudge
    assert StrategyRun.objects.count() == 0
    running.sweep(MIDNIGHT + timedelta(minutes=2))
    assert StrategyRun.objects.count() == 1
    assert running.sweep(MIDNIGHT + timedelta(minutes=3)) == 0
