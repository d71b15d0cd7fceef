"""Wilder's index agrees with ta-lib's over each window, and with that of the triggers."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
import talib

from automation.rsi import rsi_at_close
from automation.strategies.rsi import RSI, strength
from tests.automation.strategies.history import real_bars
from tests.automation.strategies.oracle import walked


def test_rsi_agrees_with_talib():
    bars = real_bars("AAPL", "IBM", count=500)
    params = RSI.parse({"period": 7, "oversold": "30", "exit": "55", "overbought": "75"})
    needed = RSI.warm_up(params)
    assert needed == 71
    signals = RSI.generate_signals(bars, params)
    for symbol, column in bars.items():
        values = np.full(len(column), np.nan)
        for end in range(needed, len(column) + 1):
            values[end - 1] = talib.RSI(column.close[end - needed : end].copy(), 7)[-1]
        np.testing.assert_allclose(strength(column.close, 7), values, rtol=0, atol=1e-9)
        expected = walked(None if np.isnan(v) else (v <= 30, v >= 55, v >= 75, v <= 55) for v in values)
        np.testing.assert_array_equal(signals[symbol], expected)
        assert {-1, 0, 1} <= set(signals[symbol])


def test_it_is_that_of_the_trigger():
    column = real_bars("MSFT", count=200)["MSFT"]
    closes = [Decimal(str(value)) for value in column.close]
    assert strength(column.close, 14)[-1] == pytest.approx(float(rsi_at_close(closes, 14) or 0), abs=1e-9)


def test_prices_that_do_not_move_have_no_rsi():
    assert np.isnan(strength(np.full(200, 5.0), 14)).all()
