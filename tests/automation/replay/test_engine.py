"""One rule over bars: when it fires, at which price it trades, and what ends it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from automation.replay.bars import moment
from automation.replay.engine import DENIED, EXPIRED, FILLED, OPEN, TOLD
from markets.fill_model import Costs
from tests.automation.replay.making import MONDAY, daily, fills, minutes, rule, run

D = Decimal


def below(threshold: str = "90", **fields: Any) -> Any:
    params = {name: fields.pop(name) for name in ("edge", "hysteresis") if name in fields}
    return rule("price_below", {"threshold": threshold, **params}, **fields)


def test_a_level_inside_a_bar_is_met_at_the_level() -> None:
    done = run(below(), daily([(100, 101, 95, 96), (95, 96, 85, 94), (94, 94, 94, 94)]))
    assert fills(done) == [(1, "90.00")]
    assert done.firings[0].at == moment(int((MONDAY + timedelta(days=1, minutes=390)).timestamp()))


def test_a_gap_is_met_at_the_open_which_is_worse() -> None:
    done = run(
        rule("price_below", {"threshold": "90"}, action_type="SELL"), daily([100, (80, 82, 79, 81)]), shares=D(10)
    )
    assert fills(done) == [(1, "80.00")]


def test_what_is_true_at_the_start_fires_at_the_first_open() -> None:
    assert fills(run(below(), daily([(89, 95, 88, 94), 94]))) == [(0, "89.00")]


def test_a_cross_needs_the_other_side_first() -> None:
    done = run(below(edge="cross"), daily([88, 89, (95, 96, 94, 95), (95, 95, 89, 93)]))
    assert fills(done) == [(3, "90.00")]


def test_after_firing_it_must_come_back_by_the_hysteresis() -> None:
    bars = daily([100, 90, 91, 89, 93, 89])
    assert [bar for bar, _ in fills(run(below(max_executions=None), bars))] == [1, 3, 5]
    assert [bar for bar, _ in fills(run(below(max_executions=None, hysteresis="2"), bars))] == [1, 5]


def test_a_cooldown_ends_with_a_bar_that_only_its_close_counts_for() -> None:
    bars = daily([100, 90, 95, (95, 95, 80, 95), (95, 95, 85, 85)])
    done = run(below(max_executions=None, cooldown_seconds=2 * 86_400), bars)
    assert fills(done) == [(1, "90.00"), (4, "90.00")]


def test_at_most_so_often() -> None:
    assert len(run(below(max_executions=2), daily([90, 100, 90, 100, 90])).firings) == 2


def test_the_window_of_the_rule_counts() -> None:
    bars = daily([90, 100, 90, 100, 90])
    late = below(max_executions=None, valid_from=MONDAY + timedelta(days=1))
    early = below(max_executions=None, valid_until=MONDAY + timedelta(days=3))
    assert [one.bar for one in run(late, bars).firings] == [2, 4]
    assert [one.bar for one in run(early, bars).firings] == [0, 2]


def test_a_trailing_stop_follows_the_high_and_is_met_at_its_line() -> None:
    bars = daily([100, (100, 120, 100, 119), (118, 119, 107, 110), 110])
    done = run(rule("trailing_stop", {"percent": "10"}, action_type="SELL"), bars, shares=D(10))
    assert fills(done) == [(2, "108.00")]
    short = daily([100, (100, 100, 80, 81), (82, 89, 82, 85), 85])
    assert fills(run(rule("trailing_stop", {"amount": "8", "side": "short"}), short)) == [(2, "88.00")]


def test_a_new_high_and_a_stop_in_one_bar_judge_the_old_high_first() -> None:
    bars = daily([100, (100, 150, 95, 140), 140])
    done = run(rule("trailing_stop", {"percent": "10"}, action_type="SELL"), bars, shares=D(10))
    assert not done.firings  # whether the low came before the high is not known
    falls = daily([100, (100, 150, 95, 130), 130])
    stopped = run(rule("trailing_stop", {"percent": "10"}, action_type="SELL"), falls, shares=D(10))
    assert fills(stopped) == [(1, "130.00")]


def test_costs_are_the_fill_models() -> None:
    costs = Costs(slippage_bps=D(10), fee_per_order=D(1), fee_bps=D(5))
    done = run(below(), daily([100, (95, 95, 85, 95)]), costs=costs)
    assert (done.firings[0].fill_price, done.firings[0].fee) == (D("90.09"), D("1.45"))
    assert done.cash == D(100_000) - D("900.90") - D("1.45")


def test_gains_are_after_costs_and_add_up() -> None:
    bars = daily([100, 90, 100, 90, 100, 110])
    buys = run(below(max_executions=None), bars, costs=Costs(fee_per_order=D(1)))
    assert [one.gain for one in buys.firings] == [199, 199]
    sold = run(
        rule("price_above", {"threshold": "110"}, action_type="SELL"),
        bars,
        shares=D(10),
        costs=Costs(fee_per_order=D(1)),
    )
    assert sold.firings[0].gain == 99  # held from the first open on, at 100


def test_a_limit_rests_and_is_filled_at_its_price_never_better_than_live_would_have_been() -> None:
    patient = below(order_type="limit", limit_offset=D(-2), time_in_force="gtc")
    bars = daily([100, (95, 95, 90, 91), (92, 92, 91, 92), (92, 93, 80, 85)])
    assert run(patient, bars).firings[0].fill_price == 88


def test_a_day_order_ends_with_the_session_and_the_rule_tries_again_later() -> None:
    patient = below(order_type="limit", limit_offset=D(-2))
    bars = daily([100, (95, 95, 90, 95), 95, (95, 95, 87, 95), 95])
    done = run(patient, bars)
    assert [(one.bar, one.outcome) for one in done.firings] == [(1, EXPIRED), (3, FILLED)]


def test_an_order_at_work_at_the_end_is_said_to_be() -> None:
    patient = below(order_type="limit", limit_offset=D(-5), time_in_force="gtc")
    assert [one.outcome for one in run(patient, daily([100, (95, 95, 90, 95), 95])).firings] == [OPEN]


def test_a_stop_order_is_met_at_its_stop_or_at_a_worse_open() -> None:
    sell = rule(
        "price_below", {"threshold": "95"}, action_type="SELL", order_type="stop", stop_price=D(90), time_in_force="gtc"
    )
    inside = daily([100, (96, 96, 94, 95), (94, 94, 85, 92)])
    gapped = daily([100, (96, 96, 94, 95), (84, 86, 83, 85)])
    assert run(sell, inside, shares=D(10)).firings[0].fill_price == 90
    assert run(sell, gapped, shares=D(10)).firings[0].fill_price == 84


def test_a_large_order_is_worked_off_in_parts() -> None:
    done = run(below(quantity=D(100), time_in_force="gtc"), daily([90, 91, 92]), costs=Costs(max_fill_quantity=D(40)))
    assert [(change.bar, change.shares) for change in done.changes] == [(0, 40), (1, 40), (2, 20)]
    assert (done.firings[0].quantity, done.shares) == (100, 100)


def test_what_no_broker_would_take_is_denied_and_three_in_a_row_stop_the_rule() -> None:
    poor = run(below(max_executions=None), daily([90, 100] * 5), cash=D(100))
    assert [(one.outcome, one.code) for one in poor.firings] == [(DENIED, "BUYING_POWER")] * 3
    assert "3 firings in a row" in poor.stopped
    empty = run(below(action_type="SELL"), daily([90, 100]))
    assert empty.firings[0].code == "OVERSELL"


def test_a_denial_gives_the_turn_back() -> None:
    seller = below(action_type="SELL", max_executions=1)
    done = run(seller, daily([90, 90, 90, 100]))
    assert [one.bar for one in done.firings] == [0, 1, 2]


@pytest.mark.parametrize(
    ("size", "expected"),
    [({"amount_usd": D(1000)}, "11.111111111"), ({"percent_of_equity": D(10)}, "111.111111111")],
)
def test_sizes_of_buys(size: dict[str, Decimal], expected: str) -> None:
    assert run(below(quantity=None, **size), daily([90, 90])).firings[0].quantity == D(expected)


def test_sizes_of_sells() -> None:
    done = run(below(action_type="SELL", quantity=None, percent_of_position=D(25)), daily([90, 90]), shares=D(30))
    assert done.firings[0].quantity == D("7.5")


def test_telling_rules_trade_nothing() -> None:
    done = run(below(action_type="NOTIFY", quantity=None), daily([90, 90]))
    assert [one.outcome for one in done.firings] == [TOLD]
    assert not done.changes


def test_a_change_from_the_previous_close_and_since_armed() -> None:
    bars = daily([100, (100, 102, 100, 102), (102, 108, 102, 107)])
    day = rule("change_pct", {"change": "5", "direction": "up", "window": "1d"})
    armed = rule("change_pct", {"change": "5", "direction": "either", "window": "since_armed"})
    assert fills(run(day, bars)) == [(2, "107.10")]
    assert fills(run(armed, bars)) == [(2, "105.00")]


def test_a_closed_bar_is_acted_on_at_the_next_open() -> None:
    closes = [10, 10, 10, 10, 9, 12, 13, 13]
    bars = daily([(c, c, c, c) for c in closes])
    cross = rule("ma_cross", {"short": 2, "long": 3})
    done = run(cross, bars)
    assert [(one.bar, one.at) for one in done.firings] == [(6, moment(bars.ends[5]))]
    assert done.firings[0].fill_price == 13


def test_volume_of_the_session_and_of_one_minute() -> None:
    bars = minutes([100, 101, 102, 103, 104, 105], per_session=3, volume=[100, 200, 300, 100, 100, 100])
    session = rule("volume_above", {"threshold": "500"}, max_executions=None)
    one = rule("volume_above", {"threshold": "300", "window": "bar"})
    assert fills(run(session, bars)) == [(2, "102.00")]
    assert fills(run(one, bars)) == [(3, "103.00")]


def test_clocks_trade_at_the_open_of_their_bar() -> None:
    bars = minutes([(100 + n, 101 + n, 99 + n, 100 + n) for n in range(12)], per_session=6)
    done = run(rule("time_of_day", {"time": "open+2m"}, max_executions=None), bars)
    assert fills(done) == [(2, "102.00"), (8, "108.00")]
    days = daily([(100, 110, 90, 105)] * 3)
    noon = run(rule("time_of_day", {"time": "12:00"}), days)
    assert fills(noon) == [
        (0, "105.00")
    ]  # what it cost at noon is not in a daily bar: the next price known is the close


def test_a_clock_outside_the_session_finds_no_price() -> None:
    done = run(rule("time_of_day", {"time": "20:00"}, max_executions=None), daily([100] * 6))
    assert {one.code for one in done.firings} == {"MARKET_CLOSED"}
    assert not done.stopped  # that is about the moment, not about the rule
