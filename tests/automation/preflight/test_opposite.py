"""A buy and a sell that are true at once fight; a bracket and a plan with a stop do not."""

from __future__ import annotations

import pytest

from tests.automation.preflight.making import HOUR, NOW, above, below, buy, clock, found, part, sell

CODE = "OPPOSITE"


def test_a_buy_below_a_sell_above_that_overlap_fight():
    one, two = buy(below(150)), sell(above(140))
    (finding,) = found(CODE, one, two, about=one.id)
    assert (finding.severity, finding.rules, finding.more) == ("warning", (one.id, two.id), 0)
    assert finding.text == (
        "It buys AAPL while another rule sells it: between $140 and $150 both are true at once, "
        "and the safety gate denies the second order."
    )
    assert "sells above the price at which it buys" in finding.advice
    (seen_from_there,) = found(CODE, one, two, about=two.id)
    assert seen_from_there.rules == (two.id, one.id)
    assert seen_from_there.key == finding.key


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (below(150), above(200)),  # a bracket
        (below(150), above("150.01")),
        (above(200), below(190)),  # a breakout with its stop
        (below(150), clock("10:00")),  # nothing says that they meet
        (clock("10:00"), clock("15:55")),
        (clock("10:00", "mon"), clock("10:00", "tue")),
        (above(150, edge="cross"), below(150, edge="cross")),  # not in one instant
        (part("ma_cross", {"direction": "up"}), part("ma_cross", {"direction": "down"})),
        (
            part("change_pct", {"change": "3", "direction": "up"}),
            part("change_pct", {"change": "3", "direction": "down"}),
        ),
        (part("trailing_stop", {"percent": "5", "side": "short"}), part("trailing_stop", {"percent": "5"})),
        (part("price_below", {"threshold": "150"}, "MSFT"), above(140)),
    ],
)
def test_what_is_sane_is_not_found(one, two):
    assert not found(CODE, buy(one), sell(two))
    assert not found(CODE, buy(one), sell(two, symbol="MSFT"))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (below(150), above(150)),
        (below(150), below(150)),
        (clock("10:00"), clock("10:00", "mon")),
        (part("change_pct", {"change": "3"}), part("change_pct", {"change": "5", "direction": "down"})),
        (above(150, edge="cross"), below(160)),
    ],
)
def test_whatever_is_true_at_once_fights(one, two):
    (finding,) = found(CODE, buy(one), sell(two))
    assert finding.severity == "warning"


def test_levels_passed_one_after_the_other_meet_only_in_a_jump():
    """Buy at 150 with a stop at 140: a plan, not a fight."""
    (finding,) = found(CODE, buy(below(150)), sell(below(140)))
    assert finding.severity == "info"
    assert "jumps past both $140 and $150 at once" in finding.text


def test_rules_that_share_only_a_condition_are_worth_knowing():
    (finding,) = found(CODE, buy(clock("10:00"), below(150)), sell(clock("11:00"), above(140)))
    assert finding.severity == "info"
    assert not found(CODE, buy(clock("10:00"), below(150)), sell(clock("11:00"), above(160)))


def test_conditions_keep_rules_apart():
    assert not found(CODE, buy(below(150), part("volume_above", {"threshold": "5"})), sell(above(140), above(151)))


def test_rules_never_in_force_together_do_not_meet():
    one, two = below(150), above(140)
    assert not found(CODE, buy(one, group="g"), sell(two, group="g"))
    assert found(CODE, buy(one, group="g"), sell(two, group="h"))
    assert not found(CODE, buy(one, ends=NOW + HOUR), sell(two, starts=NOW + HOUR))
    assert found(CODE, buy(one, ends=NOW + 2 * HOUR), sell(two, starts=NOW + HOUR))


def test_rules_that_only_tell_get_in_nobodys_way():
    assert not found(CODE, buy(below(150)), sell(above(140), trades=False))


def test_many_are_named_up_to_five_and_counted():
    one = buy(below(150))
    (finding,) = found(CODE, one, *(sell(above(100 + n)) for n in range(8)), about=one.id)
    assert (len(finding.rules), finding.more) == (5, 4)
    assert "while 8 other rules sell it" in finding.text
