"""Rules that can never fire."""

from __future__ import annotations

import pytest

from tests.automation.preflight.making import HOUR, NOW, above, below, clock, found, part, sell

CODE = "SHADOWED"


def test_in_a_group_the_level_reached_first_ends_the_other():
    first, second = sell(below(150), group="exit"), sell(below(140), group="exit")
    (finding,) = found(CODE, second, first)
    assert (finding.severity, finding.rules) == ("warning", (second.id, first.id))
    assert "reached first (at 150, this one at 140)" in finding.text
    up = [sell(above(level), group="exit") for level in (210, 200)]
    assert found(CODE, *up)[0].rules == (up[0].id, up[1].id)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (sell(below(150), group="exit"), sell(above(200), group="exit")),  # a bracket
        (sell(below(150), group="a"), sell(below(140), group="b")),
        (sell(below(150)), sell(below(140))),
        (sell(below(150), group="exit"), sell(below(150), group="exit")),  # either may be first
        (sell(below(150), part("volume_above", {"threshold": "5"}), group="exit"), sell(below(140), group="exit")),
        (sell(below(150, edge="cross"), group="exit"), sell(below(140), group="exit")),
        (sell(below(150), group="exit", ends=NOW + HOUR), sell(below(140), group="exit")),
        (sell(below(150), group="exit", starts=NOW + HOUR), sell(below(140), group="exit")),
        (sell(clock("10:00"), group="exit"), sell(clock("11:00"), group="exit")),
    ],
)
def test_what_may_come_first_is_not_shadowed(one, two):
    assert not found(CODE, one, two)


def test_a_window_that_is_over():
    (finding,) = found(CODE, sell(below(150), ends=NOW))
    assert finding.text == "It can never fire: its window ended on 2026-11-20 15:00 UTC."
    assert not found(CODE, sell(below(150), ends=NOW + HOUR))


def test_a_window_without_a_time():
    (finding,) = found(CODE, sell(clock("10:00"), ends=NOW + HOUR, no_time_left=True))
    assert "before its next time" in finding.text
