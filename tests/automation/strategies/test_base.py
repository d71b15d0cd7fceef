"""What holds for every strategy: no look-ahead, no matter where history begins, unknown where a bar is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.strategies.base import Bars
from automation.strategies.registry import STRATEGIES
from automation.triggers.base import BadParams
from tests.automation.strategies.history import real_bars, with_hole

# Short windows, so that few bars hold many events.
QUICK = {
    "momentum": {"lookback": 10, "skip": 2, "threshold": "1"},
    "ma_cross": {"short": 3, "long": 8, "kind": "ema"},
    "breakout": {"entry": 8, "exit": 4},
    "mean_reversion": {"period": 8, "entry": "1.2", "exit": "0.2"},
    "rsi": {"period": 3, "oversold": "30", "exit": "50", "overbought": "70"},
    "pairs": {"window": 12, "entry": "1.2", "exit": "0.3"},
    "rotation": {"lookback": 10, "top": 1, "volatility": 8, "rebalance": "weekly"},
}
SYMBOLS = ("AAPL", "IBM")
HISTORY = real_bars(*SYMBOLS, count=300)


def random_bars(seed: int, count: int, holes: int) -> dict[str, Bars]:
    """Paths of cents with ties, jumps and missing bars."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.01, count)
    made = {}
    for symbol in SYMBOLS:
        close = np.maximum(np.round(20 * np.exp(np.cumsum(common + rng.normal(0, 0.01, count))), 1), 0.1)
        opened = np.roll(close, 1)
        high, low = np.maximum(opened, close) + 0.1, np.maximum(np.minimum(opened, close) - 0.1, 0.01)
        bars = Bars(at=HISTORY["AAPL"].at[:count], open=opened, high=high, low=low, close=close, volume=close * 1000)
        for index in rng.integers(0, count, holes):
            bars = with_hole(bars, int(index))
        made[symbol] = bars
    return made


@pytest.mark.parametrize("key", sorted(STRATEGIES))
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), cut=st.integers(1, 199), holes=st.integers(0, 2))
def test_signals_of_a_prefix_are_the_prefix_of_the_signals(key, seed, cut, holes):
    strategy = STRATEGIES[key]
    params = strategy.parse(QUICK[key])
    bars = random_bars(seed, 200, holes)
    whole = strategy.generate_signals(bars, params)
    part = strategy.generate_signals({symbol: column.until(cut) for symbol, column in bars.items()}, params)
    for symbol in SYMBOLS:
        np.testing.assert_array_equal(part[symbol], whole[symbol][:cut])


@pytest.mark.parametrize("key", sorted(STRATEGIES))
def test_no_signal_of_real_history_sees_the_future(key):
    strategy = STRATEGIES[key]
    params = strategy.parse(QUICK[key])
    whole = strategy.generate_signals(HISTORY, params)
    assert len({value for value in whole["AAPL"] if not np.isnan(value)}) > 1  # there is something to see
    for cut in range(250, 300):
        part = strategy.generate_signals({symbol: column.until(cut) for symbol, column in HISTORY.items()}, params)
        for symbol in SYMBOLS:
            np.testing.assert_array_equal(part[symbol], whole[symbol][:cut])


@pytest.mark.parametrize("key", sorted(STRATEGIES))
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), start=st.integers(1, 150))
def test_where_history_begins_does_not_matter(key, seed, start):
    strategy = STRATEGIES[key]
    params = strategy.parse(QUICK[key])
    bars = random_bars(seed, 200, 0)
    whole = strategy.generate_signals(bars, params)
    part = strategy.generate_signals({symbol: column.between(start, 200) for symbol, column in bars.items()}, params)
    for symbol in SYMBOLS:
        known = ~np.isnan(part[symbol])
        np.testing.assert_array_equal(part[symbol][known], whole[symbol][start:][known])


@pytest.mark.parametrize("key", sorted(STRATEGIES))
def test_signals_are_within_bounds_and_unknown_while_warming_up(key):
    strategy = STRATEGIES[key]
    params = strategy.parse(QUICK[key])
    for signal in strategy.generate_signals(HISTORY, params).values():
        warm_up = strategy.warm_up(params)
        assert np.isnan(signal[: warm_up - 1]).all()
        known = signal[~np.isnan(signal)]
        assert len(known) > 200
        assert (np.abs(known) <= 1).all()


@pytest.mark.parametrize("key", sorted(STRATEGIES))
def test_a_missing_bar_is_unknown_and_is_forgotten_in_time(key):
    strategy = STRATEGIES[key]
    params = strategy.parse(QUICK[key])
    bars = {**HISTORY, "AAPL": with_hole(HISTORY["AAPL"], 150)}
    signal = strategy.generate_signals(bars, params)["AAPL"]
    assert np.isnan(signal[150])
    assert not np.isnan(signal[250:]).any()


@pytest.mark.parametrize("key", sorted(STRATEGIES))
def test_too_few_bars_are_unknown(key):
    strategy = STRATEGIES[key]
    params = strategy.parse(QUICK[key])
    for count in range(strategy.warm_up(params)):
        signals = strategy.generate_signals({s: column.until(count) for s, column in HISTORY.items()}, params)
        assert all(len(signal) == count and np.isnan(signal).all() for signal in signals.values())


@pytest.mark.parametrize(
    ("key", "raw", "field", "message"),
    [
        ("momentum", {"lookback": 5, "skip": 5}, "skip", "5 is too many: it must be below lookback (5)"),
        ("momentum", {"lookbak": 5}, "lookbak", "is not a parameter of this strategy: did you mean lookback?"),
        ("ma_cross", {"short": 9, "long": 9}, "short", "9 is too long: it must be below long (9)"),
        ("ma_cross", {"kind": "wma"}, "kind", "'wma' is not known: use sma or ema"),
        ("breakout", {"entry": 5, "exit": 6}, "exit", "6 is too long: it must be at most entry (5)"),
        ("mean_reversion", {"entry": 1, "exit": 1}, "exit", "1 is too much: it must be below entry (1)"),
        ("rsi", {"oversold": 60}, "exit", "50 must lie between oversold (60) and overbought (70)"),
        ("pairs", {"window": 5}, "window", "5 is not a whole number from 10 to 400"),
        ("rotation", {"rebalance": "yearly"}, "rebalance", "'yearly' is not known: use daily or weekly or monthly"),
    ],
)
def test_bad_parameters_are_named(key, raw, field, message):
    with pytest.raises(BadParams) as caught:
        STRATEGIES[key].parse(raw)
    assert caught.value.errors == {field: message}
