"""The moving averages agree with ta-lib's, and with those of the trigger `ma_cross`."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
import talib

from automation.averages import averages
from automation.strategies.base import Bars
from automation.strategies.ma_cross import MA_CROSS, average
from tests.automation.strategies.history import real_bars


def test_simple_averages_agree_with_talib():
    bars = real_bars("AAPL", "MSFT")
    params = MA_CROSS.parse({"short": 20, "long": 50})
    signals = MA_CROSS.generate_signals(bars, params)
    for symbol, column in bars.items():
        short, long = talib.SMA(column.close, 20), talib.SMA(column.close, 50)
        np.testing.assert_allclose(average(column.close, "sma", 20, 51), short, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(signals[symbol], np.sign(np.round(short - long, 8)))
        assert set(signals[symbol][49:]) == {-1, 1}


def test_exponential_averages_agree_with_talib_over_each_window():
    bars = real_bars("AAPL", count=300)
    params = MA_CROSS.parse({"short": 5, "long": 20, "kind": "ema"})
    close, needed = bars["AAPL"].close, MA_CROSS.warm_up(params)
    assert needed == 61
    expected = np.full((2, len(close)), np.nan)
    for end in range(needed, len(close) + 1):
        window = close[end - needed : end].copy()
        expected[:, end - 1] = talib.EMA(window, 5)[-1], talib.EMA(window, 20)[-1]
    for row, period in zip(expected, (5, 20), strict=True):
        np.testing.assert_allclose(average(close, "ema", period, needed), row, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(
        MA_CROSS.generate_signals(bars, params)["AAPL"], np.sign(np.round(expected[0] - expected[1], 8))
    )


@pytest.mark.parametrize("kind", ["sma", "ema"])
def test_they_are_those_of_the_trigger(kind):
    column = real_bars("IBM", count=100)["IBM"]
    needed = MA_CROSS.warm_up(MA_CROSS.parse({"short": 5, "long": 20, "kind": kind}))
    closes = [Decimal(str(value)) for value in column.close[-needed:]]
    assert average(column.close, kind, 20, needed)[-1] == pytest.approx(float(averages(closes, kind, 20)[-1]), abs=1e-9)


def test_flat_prices_have_no_cross():
    price = np.full(300, 0.1)
    flat = Bars(at=real_bars("IBM", count=300)["IBM"].at, open=price, high=price, low=price, close=price, volume=price)
    signal = MA_CROSS.generate_signals({"X": flat}, MA_CROSS.parse({"short": 7, "long": 30}))["X"]
    assert set(signal[29:]) == {0}
