"""Moving averages and their crosses, against TA-Lib and against their definitions."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
import talib
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from automation.averages import averages, bars_needed, cross_at_close, live_spread
from common.money import nano

D = Decimal
prices = st.integers(5_000, 15_000).map(lambda n: D(n) / 100)
kinds = st.sampled_from(["sma", "ema"])
spans = st.sampled_from([(1, 2), (3, 7), (5, 20), (10, 30)])
ORACLE = {"sma": talib.SMA, "ema": talib.EMA}


def closes_for(count: int) -> st.SearchStrategy[list[Decimal]]:
    return st.lists(prices, min_size=count, max_size=count)


def oracle(closes: list[Decimal], kind: str, period: int) -> list[float]:
    if period == 1:  # TA-Lib wants two
        return [float(close) for close in closes]
    values = ORACLE[kind](np.array([float(close) for close in closes]), timeperiod=period)
    return [value for value in values if not np.isnan(value)]


@settings(max_examples=50)
@given(closes=closes_for(60), kind=kinds, period=st.sampled_from([1, 2, 5, 20, 50]))
def test_averages_are_those_of_ta_lib(closes, kind, period):
    found = averages(closes, kind, period)
    assert len(found) == 61 - period
    assert [float(value) for value in found] == pytest.approx(oracle(closes, kind, period), rel=1e-9)


@settings(max_examples=100)
@given(data=st.data(), kind=kinds, spans=spans)
def test_a_cross_is_a_cross_of_ta_libs_averages(data, kind, spans):
    short, long = spans
    closes = data.draw(closes_for(bars_needed(kind, long)))
    fast, slow = oracle(closes, kind, short), oracle(closes, kind, long)
    now, before = fast[-1] - slow[-1], fast[-2] - slow[-2]
    assume(min(abs(now), abs(before)) > 1e-6)
    expected = 1 if now > 0 >= before else -1 if now < 0 <= before else 0
    assert cross_at_close(closes, kind, short, long) == expected


@settings(max_examples=100)
@given(data=st.data(), kind=kinds, spans=spans, price=prices)
def test_the_live_spread_is_the_difference_of_the_averages_with_the_running_bar(data, kind, spans, price):
    short, long = spans
    closes = data.draw(closes_for(bars_needed(kind, long) - 1))
    shift, numerator, reference = live_spread(closes, kind, short, long)
    running = [*closes, price]
    expected = oracle(running, kind, short)[-1] - oracle(running, kind, long)[-1]
    assert float(shift + nano(price * numerator / reference)) == pytest.approx(expected, abs=1e-7)


def test_a_known_golden_cross_by_hand():
    # averages of 2 and 3: [10 10 10 16] -> 13 > 12, and a bar ago 10 <= 10
    assert cross_at_close([D(10), D(10), D(10), D(16)], "sma", 2, 3) == 1
    assert cross_at_close([D(10), D(10), D(10), D(4)], "sma", 2, 3) == -1
    assert cross_at_close([D(10), D(10), D(16), D(22)], "sma", 2, 3) == 0  # it had crossed the bar before


@pytest.mark.parametrize("kind", ["sma", "ema"])
def test_equal_prices_are_no_cross_whatever_their_digits(kind):
    for price in ("0.1", "33.33", "123456.789"):
        assert cross_at_close([D(price)] * 61, kind, 5, 20) == 0


@pytest.mark.parametrize(("kind", "needed"), [("sma", 21), ("ema", 61)])
def test_it_is_unknown_until_warm(kind, needed):
    assert bars_needed(kind, 20) == needed
    rising = [D(n) for n in range(1, needed + 1)]
    assert cross_at_close(rising[:-1], kind, 5, 20) is None
    assert cross_at_close(rising, kind, 5, 20) is not None
    assert live_spread(rising[:-2], kind, 5, 20) is None
    assert live_spread(rising[:-1], kind, 5, 20) is not None
