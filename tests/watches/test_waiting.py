"""Holds in the engine: they begin, break, end and are confirmed by what is standing, and all of it is in the row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from automation import evaluating, lifecycle, sweeping
from automation.explaining import explain
from automation.models import Action
from tests.automation.making import MINUTE, D, S, bars, executions, fresh, see, telling, watch_of
from tests.orders.making import NOW, open_desk, open_market, quote
from watches import machine, waiting
from watches.models import Series

pytestmark = pytest.mark.django_db
BELOW = {"threshold": "90", "for_seconds": 60}


@pytest.fixture
def desk(db: None) -> Any:
    open_market()
    for symbol in ("AAPL", "MSFT"):
        quote(symbol, "100")
    return open_desk("ada")


def swept(at) -> int:
    """One pass of the sweeper, and the evaluations it asks for."""
    sweeping.rearm(at)
    confirmed = sweeping.confirm_holds(at)
    return confirmed + evaluating.evaluate_quotes(now=at).fired


def holding(desk, **changes: Any) -> Action:
    """A rule that began to hold at NOW + 1 s."""
    action = telling(desk, **{"trigger_params": BELOW, **changes})
    assert see("90", at=NOW + S) == 0
    assert watch_of(action).phase == machine.HOLDING
    return action


def test_a_hold_is_in_the_row_and_scans_for_the_way_back(desk):
    watch = watch_of(holding(desk))
    assert watch.rearm_at == NOW + 61 * S
    assert (watch.scan, watch.scan_level, watch.scan_strict) == (1, 90, True)


def test_it_fires_at_the_first_price_after_its_end(desk):
    action = holding(desk)
    assert see("89", at=NOW + 60 * S) == 0
    assert see("90", at=NOW + 61 * S) == 1
    assert see("89", at=NOW + 62 * S) == 0
    (execution,) = executions(action)
    assert execution.observation["level"] == "90"


def test_a_price_back_above_breaks_it_and_a_later_one_begins_anew(desk):
    action = holding(desk)
    assert see("90.01", at=NOW + 30 * S) == 0
    watch = watch_of(action)
    assert (watch.phase, watch.rearm_at, watch.scan) == (machine.ARMED, None, -1)
    see("89", at=NOW + 40 * S)
    assert see("89", at=NOW + 99 * S) == 0
    assert see("89", at=NOW + 100 * S) == 1


def test_without_a_tick_the_sweeper_shows_the_standing_price(desk):
    action = holding(desk)
    assert swept(NOW + 60 * S) == 0
    assert swept(NOW + 61 * S) == 1
    assert len(executions(action)) == 1
    assert swept(NOW + 62 * S) == 0


def test_a_standing_price_that_is_too_old_confirms_nothing_and_the_next_one_does(desk):
    action = holding(desk, trigger_params={**BELOW, "for_seconds": 300})
    assert swept(NOW + 301 * S) == 0
    assert watch_of(action).phase == machine.HELD
    assert swept(NOW + 310 * S) == 0
    assert see("88", at=NOW + 320 * S) == 1


def test_a_price_more_than_two_minutes_after_the_end_begins_a_new_hold(desk):
    action = holding(desk)
    assert swept(NOW + 130 * S) == 0
    assert see("90", at=NOW + 182 * S) == 0
    watch = watch_of(action)
    assert (watch.phase, watch.rearm_at) == (machine.HOLDING, NOW + 242 * S)
    assert swept(NOW + 242 * S) == 1


def test_another_symbols_tick_ends_a_hold_and_the_sweeper_still_confirms_it(desk):
    """An evaluation moves every hold that is over, whatever ticked; the quote of this one is shown again."""
    action = holding(desk)
    assert see("100", at=NOW + 62 * S, symbol="MSFT") == 0
    assert watch_of(action).phase == machine.HELD
    assert swept(NOW + 63 * S) == 1


def test_a_cooled_down_rule_is_shown_its_standing_price_even_when_another_symbols_tick_came_first(desk):
    action = telling(desk, max_executions=None, cooldown_seconds=10)
    see("90", at=NOW + S)
    see("91", at=NOW + 2 * S)
    see("89", at=NOW + 3 * S)
    assert see("100", at=NOW + 12 * S, symbol="MSFT") == 0
    assert evaluating.evaluate_quotes(now=NOW + 13 * S).fired == 1
    assert len(executions(action)) == 2


def test_a_pause_and_an_edit_end_a_hold(desk):
    action = holding(desk)
    by = {"user": desk.user, "action_id": action.id, "actor": "ada"}
    lifecycle.pause(now=NOW + 10 * S, **by)
    assert see("90", at=NOW + 70 * S) == 0
    lifecycle.resume(now=NOW + 80 * S, **by)
    assert evaluating.evaluate_quotes(now=NOW + 81 * S).fired == 0
    assert watch_of(action).rearm_at == NOW + 141 * S
    lifecycle.update_action(changes={"trigger_params": {**BELOW, "for_seconds": 5}}, now=NOW + 90 * S, **by)
    evaluating.evaluate_quotes(now=NOW + 91 * S)
    assert watch_of(action).rearm_at == NOW + 96 * S
    assert swept(NOW + 96 * S) == 1


def test_an_edit_of_something_else_leaves_it_alone(desk):
    action = holding(desk)
    changes = {"notes": "n"}
    lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, now=NOW + 9 * S, actor="ada")
    assert swept(NOW + 61 * S) == 1


def test_an_execution_by_hand_does_not_disturb_it(desk):
    action = holding(desk, max_executions=2)
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=NOW + 10 * S, actor="ada")
    assert swept(NOW + 61 * S) == 1
    assert [e.cause for e in executions(action)] == ["manual", "trigger"]


def test_a_trailing_stop_holds_on_its_peak_group_which_goes_on_rising(desk):
    action = telling(desk, trigger_type="trailing_stop", trigger_params={"percent": "5", "for_seconds": 60})
    see("100", at=NOW + S)
    see("95", at=NOW + 2 * S)
    assert watch_of(action).phase == machine.HOLDING
    see("120", at=NOW + 30 * S)
    assert (watch_of(action).phase, watch_of(action).series.reference) == (machine.ARMED, D(120))
    see("114", at=NOW + 40 * S)
    assert swept(NOW + 100 * S) == 1


def test_explain_says_since_when_and_until_when(desk):
    action = holding(desk)
    assert explain(fresh(action), now=NOW + 2 * S).status_line == (
        "Holding since 15:00:01, fires at 15:01:01 UTC if it stays"
    )
    sweeping.rearm(NOW + 61 * S)
    assert "fires at the next value unless that is back" in explain(fresh(action), now=NOW + 61 * S).status_line


def test_already_true_is_not_at_once_when_it_must_last(desk):
    see("80", at=NOW)
    action = telling(desk, trigger_params=BELOW)
    assert explain(action, now=NOW).warnings == ("Already true: fires when it has stayed so for 1 min.",)


# --- values that are pushed
def crossed(desk, for_seconds: int) -> Action:
    """A rule on a cross at a minute bar's close that has just happened and begun to hold."""
    params = {"short": 1, "long": 2, "timeframe": "1m", "for_seconds": for_seconds}
    action = telling(desk, trigger_type="ma_cross", trigger_params=params, now=NOW - 5 * MINUTE)
    bars("AAPL", "1m", NOW, [100, 99, 98])
    sweeping.sweep(NOW + MINUTE + 5 * S)
    bars("AAPL", "1m", NOW + MINUTE, [105])
    sweeping.sweep(NOW + 2 * MINUTE + 5 * S)
    assert watch_of(action).phase == machine.HOLDING
    return action


def test_a_pushed_value_stands_until_the_next_bar_should_have_closed(desk):
    action = crossed(desk, 30)
    sweeping.sweep(NOW + 2 * MINUTE + 34 * S)
    assert executions(action) == []
    sweeping.sweep(NOW + 2 * MINUTE + 35 * S)
    assert len(executions(action)) == 1


def test_a_pushed_value_that_is_no_longer_current_confirms_nothing(desk):
    action = crossed(desk, 600)
    sweeping.sweep(NOW + 12 * MINUTE + 5 * S)  # no bar came for ten minutes
    assert (executions(action), watch_of(action).phase) == ([], machine.HELD)


def test_a_daily_cross_holds_for_an_hour_on_its_standing_value(desk):
    params = {"short": 1, "long": 2, "for_seconds": 3600}
    action = telling(desk, trigger_type="ma_cross", trigger_params=params)
    (series,) = Series.objects.filter(subject="AAPL", observable="ma_cross:sma:1:2:1d")
    evaluating.evaluate_values({series.id: D(1)}, at=NOW + S, now=NOW + S)
    assert sweeping.confirm_holds(NOW + 3600 * S) == 0
    sweeping.rearm(NOW + 3601 * S)
    assert sweeping.confirm_holds(NOW + 3601 * S) == 1
    assert len(executions(action)) == 1


def test_a_rule_armed_after_the_bar_is_not_shown_its_standing_value(desk):
    """Only holds are confirmed by a standing value; to anybody else it is history."""
    crossed(desk, 30)
    params = {"short": 1, "long": 2, "timeframe": "1m"}
    late = telling(desk, trigger_type="ma_cross", trigger_params=params, now=NOW + 2 * MINUTE + 10 * S)
    for second in (35, 36):
        sweeping.sweep(NOW + 2 * MINUTE + second * S)
    assert executions(late) == []


def test_looking_for_what_waits_is_one_statement(desk, django_assert_num_queries):
    holding(desk)
    with django_assert_num_queries(1):
        assert waiting.unconfirmed(NOW + timedelta(seconds=30)) == []
