"""The rotation agrees with the same choice made in plain Python."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime

import numpy as np
import pytest

from automation.strategies.rotation import ROTATION, begins
from tests.automation.strategies.history import real_bars

SYMBOLS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


def chosen_by_hand(bars, index: int, *, lookback: int, top: int, volatility: int) -> dict[str, float]:
    """The weights at one bar."""
    rises, risks = {}, {}
    for symbol, column in bars.items():
        close = [float(value) for value in column.close[: index + 1]]
        if index < max(lookback, volatility) or np.isnan(close[-max(lookback, volatility) - 1 :]).any():
            continue
        rises[symbol] = close[-1] / close[-1 - lookback] - 1
        moves = [close[i] / close[i - 1] - 1 for i in range(len(close) - volatility, len(close))]
        risks[symbol] = statistics.pstdev(moves)
    best = sorted((s for s in rises if rises[s] > 0), key=lambda s: -rises[s])[:top]
    total = sum(1 / risks[s] for s in best)
    share = len(best) / min(top, len(rises)) if rises else 0
    return {s: (1 / risks[s] / total * share if s in best else 0.0) for s in rises}


@pytest.mark.parametrize("rebalance", ["weekly", "monthly"])
def test_choices_agree_with_those_made_by_hand(rebalance):
    bars = real_bars(*SYMBOLS, count=500)
    params = ROTATION.parse({"lookback": 60, "top": 2, "volatility": 40, "rebalance": rebalance})
    signals = ROTATION.generate_signals(bars, params)
    days = [datetime.fromtimestamp(int(second), UTC).date() for second in bars["IBM"].at]
    expected: dict[str, float] = {}
    for i in range(1, len(days)):
        earlier, later = days[i - 1], days[i]
        new_month, new_week = later.month != earlier.month, later.weekday() < earlier.weekday()
        if new_month if rebalance == "monthly" else new_week:
            expected = chosen_by_hand(bars, i, lookback=60, top=2, volatility=40)
        for symbol in SYMBOLS:
            assert signals[symbol][i] == pytest.approx(expected.get(symbol, np.nan), abs=1e-9, nan_ok=True)
    known = np.array([signals[s] for s in ("AAPL", "GOOG", "IBM", "MSFT")])[:, 100:]
    assert np.isclose(known.sum(axis=0), 1).any()
    assert np.isnan(signals["FB"][:-196]).all() and not np.isnan(signals["FB"][-1])


def test_without_anything_that_has_risen_it_holds_nothing():
    bars = real_bars("IBM", "MSFT", count=200)
    falling = {symbol: type(c)(at=c.at, open=c.open, high=c.high, low=c.low, volume=c.volume, close=close)
               for symbol, c in bars.items()
               for close in [np.linspace(200, 100, 200) + np.arange(200) % 2]}  # fmt: skip
    params = ROTATION.parse({"lookback": 60, "volatility": 40, "rebalance": "daily"})
    assert {values[-1] for values in ROTATION.generate_signals(falling, params).values()} == {0}
    held = ROTATION.generate_signals(falling, {**params, "risen_only": False})
    assert sum(values[-1] for values in held.values()) == pytest.approx(1)


def test_the_first_bar_begins_nothing():
    at = real_bars("IBM", count=10)["IBM"].at
    assert not begins(at, "daily")[0] and begins(at, "daily")[1:].all()
