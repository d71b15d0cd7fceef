"""Momentum agrees with ta-lib's rate of change."""

from __future__ import annotations

import numpy as np
import talib

from automation.strategies.momentum import MOMENTUM, returns
from tests.automation.strategies.history import real_bars


def test_the_signal_is_the_sign_of_the_skipped_return():
    bars = real_bars("AAPL", "IBM")
    params = MOMENTUM.parse({"lookback": 126, "skip": 21, "threshold": "5"})
    signals = MOMENTUM.generate_signals(bars, params)
    for symbol, column in bars.items():
        rate = np.full(len(column), np.nan)
        rate[21:] = talib.ROCP(column.close, 105)[:-21]  # what it was 21 bars ago
        np.testing.assert_allclose(returns(column.close, 126, 21), rate, rtol=0, atol=1e-9)
        expected = [np.nan if np.isnan(r) else 1 if r > 0.05 else -1 if r < -0.05 else 0 for r in rate]
        np.testing.assert_array_equal(signals[symbol], expected)
        assert set(signals[symbol][126:]) == {-1, 0, 1}


def test_a_symbol_without_history_is_unknown():
    bars = real_bars("AAPL", "FB")
    signal = MOMENTUM.generate_signals(bars, MOMENTUM.parse({"lookback": 100}))["FB"]
    assert np.isnan(signal[:-96]).all()  # FB has 196 days
    assert not np.isnan(signal[-96:]).any()
