"""Wilder's RSI against TA-Lib and against its definition."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
import talib
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from automation.rsi import bars_needed, rsi_at_close

D = Decimal
prices = st.integers(5_000, 15_000).map(lambda n: D(n) / 100)


def by_definition(closes: list[Decimal], period: int) -> Decimal:
    """Average gain and loss: first the mean of `period` changes, then (average * (period - 1) + change) / period."""
    changes = [after - before for before, after in pairwise(closes)]
    gain = sum(max(change, D(0)) for change in changes[:period]) / period
    loss = sum(max(-change, D(0)) for change in changes[:period]) / period
    for change in changes[period:]:
        gain = (gain * (period - 1) + max(change, D(0))) / period
        loss = (loss * (period - 1) + max(-change, D(0))) / period
    return 100 * gain / (gain + loss)


@settings(max_examples=60)
@given(data=st.data(), period=st.sampled_from([2, 5, 14, 21]))
def test_it_is_ta_libs_and_the_definitions(data, period):
    count = bars_needed(period)
    closes = data.draw(st.lists(prices, min_size=count, max_size=count))
    assume(min(closes) != max(closes))
    found = rsi_at_close(closes, period)
    oracle = talib.RSI(np.array([float(close) for close in closes]), timeperiod=period)[-1]
    assert float(found) == pytest.approx(oracle, abs=1e-6)
    assert float(found) == pytest.approx(float(by_definition(closes, period)), abs=1e-6)
    assert 0 <= found <= 100


def test_only_the_bars_needed_count():
    closes = [D(100) + D(n * 7 % 13) for n in range(200)]
    assert rsi_at_close(closes, 14) == rsi_at_close(closes[-141:], 14)


def test_only_gains_are_100_and_only_losses_0():
    rising = [D(100 + n) for n in range(21)]
    assert rsi_at_close(rising, 2) == 100
    assert rsi_at_close(rising[::-1], 2) == 0


def test_too_few_bars_and_a_price_that_never_moved_are_unknown():
    closes = [D(100 + n % 2) for n in range(141)]
    assert rsi_at_close(closes, 14) is not None
    assert rsi_at_close(closes[1:], 14) is None
    assert rsi_at_close([], 14) is None
    assert rsi_at_close([D("33.33")] * 141, 14) is None
