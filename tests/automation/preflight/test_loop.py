"""Rules that undo each other: how often at most, and what a round costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.automation.preflight.making import above, below, buy, clock, found, part, sell
from tests.safety.making import POLICY, D

CODE = "LOOP"


def test_a_whipsaw_costs_the_gap_and_the_spread():
    one, two = buy(above(150), left=None), sell(below(140), left=None)
    (finding,) = found(CODE, one, two, about=one.id)
    assert (finding.severity, finding.rules) == ("warning", (one.id, two.id))
    # 10 shares, $10 apart, 8 cents of spread and fees; 10 trades a day are 5 rounds.
    assert (
        "(bought at $150.00, sold at $140.00): at most 5 rounds a day; each round costs about $100.80" in finding.text
    )
    assert "cooldown" in finding.advice
    assert found(CODE, one, two, about=two.id)[0].rules == (two.id, one.id)


def test_both_true_at_once_is_a_loop():
    (finding,) = found(CODE, buy(below(150), left=None), sell(above(140), left=None))
    assert finding.severity == "warning"
    assert "$100.80" in finding.text


def test_without_a_gap_a_round_costs_the_spread():
    (finding,) = found(CODE, buy(above(150, edge="cross"), left=None), sell(below(150, edge="cross"), left=None))
    assert "about $0.80" in finding.text
    assert finding.severity == "warning"


def test_buying_low_and_selling_high_takes_turns_and_earns():
    (finding,) = found(CODE, buy(below(150), left=None), sell(above(200), left=None))
    assert finding.severity == "info"
    assert "each round earns the difference" in finding.text


@pytest.mark.parametrize(
    ("one", "two", "often"),
    [
        ({"per_day": D(2)}, {}, "at most 2 rounds a day"),  # a cooldown of half a day
        ({"per_day": D("0.5")}, {}, "at most one round in several days"),
        ({"left": 3}, {"left": 2}, "at most 5 rounds a day and 2 rounds in all"),
        ({"per_day": D(1)}, {"per_day": D(4)}, "at most 1 round a day"),
    ],
)
def test_how_often_at_most(one, two, often):
    (finding,) = found(CODE, buy(above(150), **{"left": None, **one}), sell(below(140), **{"left": None, **two}))
    assert often in finding.text


def test_the_daily_cap_bounds_it():
    limits = replace(POLICY, max_daily_trades=1000)
    (finding,) = found(CODE, buy(above(150), left=None), sell(below(140), left=None), limits=limits)
    assert "at most 500 rounds a day" in finding.text


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"left": 1}, {"left": None}),  # one of them happens once
        ({"left": None, "group": "g"}, {"left": None, "group": "g"}),
        ({"left": None}, {"left": None, "trades": False}),
        ({"left": None}, {"left": None, "symbol": "MSFT"}),
    ],
)
def test_what_cannot_go_round(one, two):
    assert not found(CODE, buy(above(150), **one), sell(below(140), **two))


def test_a_weekly_plan_with_a_stop_is_worth_knowing_no_more():
    (finding,) = found(
        CODE,
        buy(clock("10:00", "mon"), left=None, per_day=D(1)),
        sell(part("trailing_stop", {"percent": "5"}), left=None),
    )
    assert finding.severity == "info"


def test_without_a_price_the_cost_is_not_known():
    (finding,) = found(CODE, buy(above(150), left=None), sell(below(140), left=None), prices={})
    assert "not known without a price" in finding.text


def test_the_costliest_of_many_is_told():
    one = buy(above(150), left=None)
    sells = [sell(below(level), left=None) for level in (149, 120, 140)]
    (finding,) = found(CODE, one, *sells, about=one.id)
    assert finding.rules == (one.id, sells[1].id)
    assert len(found(CODE, one, *sells, about=sells[0].id)) == 1
