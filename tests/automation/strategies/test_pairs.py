"""The spread agrees with a least-squares fit of each window."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import polynomial

from automation.strategies.pairs import PAIRS, spread
from tests.automation.strategies.history import real_bars
from tests.automation.strategies.oracle import walked


def fitted(first: np.ndarray, second: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """z and β by numpy's polynomial fit, window by window."""
    z, beta = np.full(len(first), np.nan), np.full(len(first), np.nan)
    for end in range(window, len(first) + 1):
        a, b = np.log(first[end - window : end]), np.log(second[end - window : end])
        intercept, slope = polynomial.polyfit(b, a, 1)
        rest = a - intercept - slope * b
        z[end - 1], beta[end - 1] = rest[-1] / rest.std(), slope
    return z, beta


def test_pairs_agree_with_a_fit_of_each_window():
    bars = real_bars("IBM", "MSFT")
    params = PAIRS.parse({"window": 60, "entry": "2", "exit": "0.5"})
    signals = PAIRS.generate_signals(bars, params)
    z, beta = fitted(bars["IBM"].close, bars["MSFT"].close, 60)
    ours = spread(bars["IBM"].close, bars["MSFT"].close, 60)
    np.testing.assert_allclose(ours[0], z, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours[1], beta, rtol=0, atol=1e-9)
    expected = walked(
        None
        if np.isnan(v)
        else (v <= -2 and slope > 0, v >= -0.5 or slope <= 0, v >= 2 and slope > 0, v <= 0.5 or slope <= 0)
        for v, slope in zip(z, beta, strict=True)
    )
    np.testing.assert_array_equal(signals["IBM"], expected)
    np.testing.assert_array_equal(signals["MSFT"], -expected)
    assert {-1, 0, 1} <= set(signals["IBM"])
    assert (beta[59:] <= 0).any()  # such bars are among them: flat


def test_a_perfect_fit_leaves_no_spread():
    close = real_bars("IBM", count=100)["IBM"].close
    z, _ = spread(close, close**0.5, 20)
    assert np.isnan(z).all()
