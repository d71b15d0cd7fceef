"""The channel agrees with ta-lib's highest and lowest."""

from __future__ import annotations

import numpy as np
import talib

from automation.strategies.breakout import BREAKOUT
from automation.strategies.windows import before, highest, lowest
from tests.automation.strategies.history import real_bars
from tests.automation.strategies.oracle import walked


def test_breakouts_agree_with_a_walk_over_talibs_channel():
    bars = real_bars("AAPL", "IBM")
    signals = BREAKOUT.generate_signals(bars, BREAKOUT.parse({"entry": 20, "exit": 10}))
    for symbol, b in bars.items():
        top, bottom = talib.MAX(b.high, 20), talib.MIN(b.low, 20)
        np.testing.assert_allclose(highest(b.high, 20), top, rtol=0, atol=1e-9)
        np.testing.assert_allclose(lowest(b.low, 20), bottom, rtol=0, atol=1e-9)
        short_top, short_bottom = talib.MAX(b.high, 10), talib.MIN(b.low, 10)
        expected = walked(
            None
            if i < 20
            else (
                b.close[i] > top[i - 1],
                b.close[i] < short_bottom[i - 1],
                b.close[i] < bottom[i - 1],
                b.close[i] > short_top[i - 1],
            )
            for i in range(len(b))
        )
        np.testing.assert_array_equal(signals[symbol], expected)
        assert {-1, 0, 1} <= set(signals[symbol])


def test_the_bar_itself_is_not_part_of_its_channel():
    values = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(before(highest(values, 2), 1), [np.nan, np.nan, 2.0])
