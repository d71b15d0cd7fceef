"""Where rules fire, and where two do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.preflight.regions import ANY, overlap, price_axis, region_of, shared_axes, where
from automation.triggers.registry import TRIGGERS
from tests.automation.preflight.making import above, below, clock, part
from tests.safety.making import D

PRICE = price_axis("AAPL")
BOUNDS = st.one_of(st.none(), st.integers(-3, 3).map(D))
SPANS = st.lists(st.tuples(BOUNDS, BOUNDS), max_size=3).map(tuple)


@pytest.mark.parametrize("kind", sorted(TRIGGERS))
def test_every_trigger_has_a_place(kind):
    found = part(kind, TRIGGERS[kind].example)
    assert found.spans
    assert found.axis
    assert found.sentence()


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (below(150), above(140), ((D(140), D(150)),)),
        (below(150), above(150), ((D(150), D(150)),)),
        (below(150), above("150.01"), ()),
        (below(150), below(140), ((None, D(140)),)),
        (above(1), above(2), ((D(2), None),)),
    ],
)
def test_prices_overlap_or_not(one, other, both):
    assert overlap(one.spans, other.spans) == overlap(other.spans, one.spans) == both


def test_a_move_either_way_is_two_places():
    either, up = part("change_pct", {"change": "3"}), part("change_pct", {"change": "5", "direction": "up"})
    assert either.axis == up.axis
    assert either.spans == ((None, D(-3)), (D(3), None))
    assert overlap(either.spans, up.spans) == ((D(5), None),)


def test_averages_that_cross_up_and_down_never_do_both():
    for on in ("live", "close"):
        up, down = (part("ma_cross", {"direction": way, "on": on}) for way in ("up", "down"))
        assert up.axis == down.axis
        assert not overlap(up.spans, down.spans)


def test_other_windows_symbols_and_times_are_other_axes():
    axes = {
        part("change_pct", {"change": "3", "window": window}, symbol).axis
        for window in ("1d", "5d", "since_armed")
        for symbol in ("AAPL", "MSFT")
    }
    assert len(axes) == 6
    assert clock("10:00").axis == clock("10:00", "mon").axis != clock("10:01").axis


def test_a_region_is_where_all_parts_hold():
    region = region_of([above(100), below(150), part("price_below", {"threshold": "9"}, "MSFT")])
    assert region == {PRICE: ((D(100), D(150)),), price_axis("MSFT"): ((None, D(9)),)}
    assert region_of([above(200), below(150)]) == {PRICE: ()}


def test_days_keep_clocks_apart():
    monday, tuesday, both, any_day = (
        region_of([clock("10:00", *days)]) for days in (("mon",), ("tue",), ("mon", "tue"), ())
    )
    assert shared_axes(monday, tuesday) is None
    assert shared_axes(monday, both) == shared_axes(both, any_day) == [clock("10:00").axis]


def test_axes_that_are_not_shared_say_nothing():
    assert shared_axes(region_of([below(150)]), region_of([clock("10:00")])) == []


def test_places_in_words():
    assert where(((D(140), D("150.50")),)) == "between $140 and $150.50"
    assert where(((D(150), D(150)),)) == "at $150"
    assert where(((None, D(1)), (D(2), None))) == "from $1 downwards or from $2 upwards"
    assert where((ANY,)) == "at any price"


@given(SPANS, SPANS, st.integers(-5, 5))
def test_an_overlap_holds_exactly_where_both_do(one, other, value):
    def inside(spans):
        return any((low is None or low <= value) and (high is None or value <= high) for low, high in spans)

    assert inside(overlap(one, other)) == (inside(one) and inside(other))
