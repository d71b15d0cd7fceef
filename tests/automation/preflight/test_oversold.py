"""Sell rules together against what is held."""

from __future__ import annotations

from tests.automation.preflight.making import above, below, buy, found, sell
from tests.safety.making import D

CODE = "OVERSOLD"


def sells(shares: int, level: int = 200, **changes):
    return sell(above(level), shares=D(shares), **changes)


def test_each_alone_may_and_together_they_may_not():
    one, two = sells(60), sells(41, 210)
    (finding,) = found(CODE, one, two, about=two.id)
    assert (finding.severity, finding.rules) == ("warning", (two.id, one.id))
    assert finding.text == (
        "Together 2 rules would sell 101 AAPL, but 100 are held: whatever comes after the first 100 is denied."
    )
    assert "one group" in finding.advice
    assert not found(CODE, sells(60), sells(40))


def test_of_a_group_only_the_largest_counts():
    assert not found(CODE, sells(100, group="exit"), sell(below(90), shares=D(100), group="exit"))
    assert found(CODE, sells(100, group="exit"), sells(1, group="other"))


def test_what_open_orders_sell_is_gone():
    (finding,) = found(CODE, sells(60), selling={"AAPL": D(41)})
    assert "but 100 are held, and open orders are selling 41 of them already" in finding.text
    assert "first 59" in finding.text
    assert not found(CODE, sells(60), selling={"AAPL": D(40)})


def test_one_rule_may_want_more_than_is_left():
    (finding,) = found(CODE, sells(10), held={})
    assert "It would sell 10 AAPL, but 0 are held" in finding.text


def test_what_does_not_sell_does_not_count():
    assert not found(CODE, sells(100), sells(100, trades=False), buy(below(90), shares=D(100)))
    assert not found(CODE, sells(60), sells(60, symbol="MSFT"), held={"AAPL": D(60), "MSFT": D(60)})


def test_only_what_involves_the_rule_asked_about():
    other = sells(1, symbol="MSFT")
    assert not found(CODE, sells(101), other, held={"AAPL": D(100), "MSFT": D(1)}, about=other.id)
