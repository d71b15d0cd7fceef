"""Rules that contradict themselves."""

from __future__ import annotations

from dataclasses import replace

from automation.preflight.checks.unreachable import contradictions
from tests.automation.preflight.making import above, below, buy, found, part
from tests.safety.making import POLICY, D

CODE = "UNREACHABLE"


def test_a_condition_that_excludes_the_trigger():
    (finding,) = found(CODE, buy(above(200), below(150)))
    assert finding.severity == "error"
    assert not found(CODE, buy(above(150), below(200)))
    assert not found(CODE, buy(above(150), below(150)))
    assert not found(CODE, buy(above(200), part("price_below", {"threshold": "150"}, "MSFT")))


def test_the_refusal_names_the_condition_and_what_it_contradicts():
    told = dict(contradictions(above(200), [below(300), below(150), above(310)]))
    assert told == {
        1: "AAPL is at or below $150 can never hold while AAPL is at or above $200: change one of the two",
        2: "AAPL is at or above $310 can never hold while AAPL is at or below $150: change one of the two",
    }


def test_conditions_may_exclude_each_other():
    told = dict(contradictions(part("volume_above", {"threshold": "5"}), [above(200), below(150)]))
    assert list(told) == [1]


def test_a_limit_the_price_collar_always_denies():
    (finding,) = found(CODE, buy(above(200), limit_price=D(150)))
    assert finding.severity == "warning"
    assert finding.text == (
        "It fires from $200 upwards, where its limit of $150 is more than 10 % away from the price, "
        "so the safety gate denies every order."
    )
    assert not found(CODE, buy(above(200), limit_price=D(180)))
    assert found(CODE, buy(above(200), limit_price=D("179.99")))
    assert not found(CODE, buy(below(200), limit_price=D(150)))  # the price may come there
    assert not found(CODE, buy(part("volume_above", {"threshold": "5"}), limit_price=D(1)))
    assert not found(CODE, buy(above(200), limit_price=D(150)), limits=replace(POLICY, price_collar_pct=D(100)))


def test_only_the_rule_asked_about():
    wrong, right = buy(above(200), below(150)), buy(below(150))
    assert not found(CODE, wrong, right, about=right.id)
    assert len(found(CODE, wrong, right)) == 1
