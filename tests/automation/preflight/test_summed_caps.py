"""Limits that each rule keeps and all together do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automation.preflight.types import Totals
from tests.automation.preflight.making import above, below, buy, found, sell
from tests.safety.making import POLICY, D

CODE = "SUMMED_CAPS"


def dip(dollars: int, **changes):
    return buy(below(150), value=D(dollars), **changes)


def test_position():
    """10 % of $100,000; $1,000 are held, $500 are on order."""
    one, two = dip(5000), dip(3501)
    (finding,) = found(CODE, one, two, buying={"AAPL": D(500)}, about=one.id)
    assert (finding.severity, finding.rules) == ("warning", (one.id, two.id))
    assert finding.text == (
        "If each buy of AAPL fires once, the position comes to $10,001.00 ($1,000.00 held, $500.00 in open orders, "
        "$8,501.00 by 2 rules), 10 % of the portfolio; the limit is 10 % ($10,000.00), so the last ones are denied."
    )
    assert "$1.00 less" in finding.advice
    assert not found(CODE, one, dip(3500), buying={"AAPL": D(500)})
    assert not found(CODE, dip(5000, group="g"), dip(5000, group="g"))  # only one of them buys


def test_one_order():
    limits = replace(POLICY, max_position_pct=D(100))
    (finding,) = found(CODE, dip(25_001), limits=limits)
    assert "comes to $25,001.00, and one order may be $25,000.00 (25 % of the portfolio)" in finding.text
    assert not found(CODE, dip(25_000), limits=limits)


def test_cash_and_what_is_reserved():
    rule = dip(100)
    totals = Totals(buy_value=D(40_000), rules=1)
    (finding,) = found(CODE, rule, totals=totals, buying_total=D(9_201))
    assert "need $40,800.00 (2 % kept back included), and $40,799.00 cash is free" in finding.text
    assert "$1.00 less in all" in finding.advice
    assert not found(CODE, rule, totals=totals, buying_total=D(9_200))


def test_gross_exposure_when_cash_is_enough():
    rule, totals = dip(100), Totals(buy_value=D(40_000), rules=1)
    (finding,) = found(CODE, rule, totals=totals, held_value=D("60000.01"))
    assert "holdings come to $100,000.01, and the limit is $100,000.00" in finding.text
    assert not found(CODE, rule, totals=totals, held_value=D(60_000))


@pytest.mark.parametrize(
    ("totals", "severity", "says"),
    [
        (Totals(rules=11), "info", "11 trading rules of the portfolio could fire on one day, and 10 orders a day"),
        (Totals(rules=30, clocks=11), "warning", "11 trading rules of the portfolio fire by the clock"),
    ],
)
def test_trades_a_day(totals, severity, says):
    (finding,) = found(CODE, sell(above(200)), totals=totals)
    assert finding.severity == severity
    assert says in finding.text
    assert not found(CODE, sell(above(200)), totals=Totals(rules=10, clocks=10))


def test_a_sale_is_told_of_no_sum_of_buys():
    rule = sell(above(200))
    assert not found(CODE, rule, dip(50_000), totals=Totals(buy_value=D(99_999), rules=2), about=rule.id)


def test_rules_that_only_tell_spend_nothing():
    rule = dip(99_999, trades=False)
    assert not found(CODE, rule, totals=Totals(), about=rule.id)
    assert not found(CODE, rule, totals=Totals())


def test_what_cannot_be_valued_is_held_against_cash_only():
    assert not found(CODE, dip(30_000), equity=None)
    assert len(found(CODE, dip(100), equity=None, totals=Totals(buy_value=D(60_000)))) == 1
