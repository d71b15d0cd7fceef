"""Looking ahead finds what looking at every single bar finds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.replay import scanning
from tests.automation.replay.making import daily, minutes, rule, run

D = Decimal

prices = st.integers(190, 210).map(lambda n: n / 2)
levels = st.integers(195, 206).map(lambda n: str(D(n) / 2))


@st.composite
def bars(draw: Any) -> tuple[float, float, float, float]:
    four = sorted(draw(st.tuples(prices, prices, prices, prices)))
    opened, closed = draw(st.permutations(four[1:3]))
    return opened, four[3], four[0], closed


def params(**choices: Any) -> Any:
    return st.fixed_dictionaries(choices).map(lambda chosen: {k: v for k, v in chosen.items() if v is not None})


percents = st.sampled_from(["1", "2", "2.5", "3.5"])
directions = st.sampled_from(["up", "down", "either"])
triggers = st.one_of(
    st.tuples(
        st.sampled_from(["price_above", "price_below"]),
        params(threshold=levels, edge=st.sampled_from(["level", "cross"]), hysteresis=st.sampled_from(["0", "0.5"])),
    ),
    st.tuples(
        st.just("change_pct"),
        params(change=percents, direction=directions, window=st.sampled_from(["1d", "session", "since_armed", "3d"])),
    ),
    st.tuples(
        st.just("trailing_stop"),
        params(percent=percents, side=st.sampled_from(["long", "short"]), activation_price=st.none() | levels),
    ),
    st.tuples(st.just("trailing_stop"), params(amount=percents, side=st.sampled_from(["long", "short"]))),
    st.tuples(st.just("volume_above"), params(threshold=st.sampled_from(["1500", "3000"]))),
    st.tuples(
        st.just("ma_cross"),
        params(short=st.just(2), long=st.just(4), on=st.sampled_from(["close", "live"]), direction=directions,
               kind=st.sampled_from(["sma", "ema"])),
    ),
)  # fmt: skip


@settings(max_examples=300)
@given(
    rows=st.lists(bars(), min_size=2, max_size=40),
    trigger=triggers,
    maximum=st.sampled_from([None, None, 1, 2]),
    cooldown=st.sampled_from([0, 0, 86_400, 3 * 86_400]),
    by_minute=st.booleans(),
    shares=st.sampled_from([0, 15, 1000]),
)
def test_looking_ahead_changes_nothing(
    rows: list[Any], trigger: Any, maximum: int | None, cooldown: int, by_minute: bool, shares: int
) -> None:
    kind, given_params = trigger
    if by_minute and kind == "ma_cross":
        given_params = {**given_params, "timeframe": "1m"}
    made = minutes(rows, per_session=7) if by_minute else daily(rows)
    days = daily([100, 101, 99, 100, 102]) if by_minute else None
    cooldown = cooldown // 86_400 * 120 if by_minute else cooldown
    action = rule(kind, given_params, action_type="SELL", max_executions=maximum, cooldown_seconds=cooldown)
    ahead, stepped = (run(action, made, days=days, shares=D(shares), look_ahead=look) for look in (True, False))
    assert ahead.firings == stepped.firings
    assert ahead.changes == stepped.changes


def test_the_first_value_at_a_level_or_beyond() -> None:
    values = np.array([1.0, 2.0, np.nan, 3.0, 2.0])
    assert scanning.reaching(values, 3, 1, 0, 5) == 3
    assert scanning.reaching(values, 1, -1, 1, 5) == 5
    assert scanning.reaching(values, 3, 1, 4, 5) == 5
    assert scanning.reaching(values, 3, 1, 5, 5) == 5


def test_a_search_goes_on_beyond_its_first_look() -> None:
    values = np.zeros(100_000)
    values[90_001] = 5
    assert scanning.reaching(values, 5, 1, 0, 100_000) == 90_001


def test_a_trail_remembers_the_peak_across_looks() -> None:
    high = np.full(5000, 100.0)
    high[100] = 120
    low, close = high - 1, high - 0.5
    low[4000] = 107.9
    found = scanning.trailing(high, low, close, peak=90.0, trail=(0.9, 0.0), start=0, stop=4000)
    assert found == (100 + 1, 120.0)  # the next low, 99, is already a trail below
    low[:], close[:] = 110, 110
    low[4000] = 107.9
    assert scanning.trailing(high, low, close, peak=90.0, trail=(0.9, 0.0), start=0, stop=5000) == (4000, 120.0)


def test_unknown_values_are_passed_over() -> None:
    assert scanning.known(np.array([np.nan, np.nan, 1.0]), 0, 3) == 2
    assert scanning.known(np.array([np.nan]), 0, 1) == 1
