"""The z-score agrees with ta-lib's Bollinger bands."""

from __future__ import annotations

import numpy as np
import talib

from automation.strategies.mean_reversion import MEAN_REVERSION, z_score
from tests.automation.strategies.history import real_bars
from tests.automation.strategies.oracle import walked


def test_z_scores_agree_with_bollingers_bands():
    bars = real_bars("MSFT", "IBM")
    signals = MEAN_REVERSION.generate_signals(bars, MEAN_REVERSION.parse({"period": 20, "entry": "2", "exit": "0.5"}))
    for symbol, column in bars.items():
        upper, middle, lower = talib.BBANDS(column.close, 20, nbdevup=1, nbdevdn=1)
        z = (column.close - middle) / ((upper - lower) / 2)
        np.testing.assert_allclose(z_score(column.close, 20), z, rtol=0, atol=1e-8)  # theirs is rolled, see below
        expected = walked(None if np.isnan(v) else (v <= -2, v >= -0.5, v >= 2, v <= 0.5) for v in z)
        np.testing.assert_array_equal(signals[symbol], expected)
        assert {-1, 0, 1} <= set(signals[symbol])


def test_z_scores_agree_to_nine_places_with_each_window_by_itself():
    close = real_bars("MSFT", count=300)["MSFT"].close
    windows = np.lib.stride_tricks.sliding_window_view(close, 20)
    expected = (close[19:] - windows.mean(axis=1)) / windows.std(axis=1)
    np.testing.assert_allclose(z_score(close, 20)[19:], expected, rtol=0, atol=1e-9)


def test_prices_that_do_not_move_have_no_z():
    assert np.isnan(z_score(np.full(30, 12.3), 20)).all()
