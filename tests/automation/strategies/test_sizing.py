"""From signals to targets: long-only, sized at a change, never with what comes later."""

from __future__ import annotations

import numpy as np
import pytest
import talib

from automation.strategies.base import Bars
from automation.strategies.sizing import SIZINGS, bars_needed, fraction_at, parse_sizing, target_fractions
from automation.triggers.base import BadParams
from tests.automation.strategies.history import real_bars

TEN = parse_sizing({"kind": "fixed_fraction", "fraction": "10"})
IBM = real_bars("IBM", count=400)["IBM"]


def test_a_fraction_of_the_equity_by_signal():
    assert [fraction_at(signal, IBM, 20, TEN) for signal in (1.0, 0.5, 0.0, -1.0)] == pytest.approx([0.1, 0.05, 0, 0])
    assert np.isnan(fraction_at(float("nan"), IBM, 20, TEN))


def test_a_target_stays_until_the_signal_changes():
    bars = {"IBM": IBM.until(6)}
    nan = np.nan
    targets = target_fractions({"IBM": np.array([nan, 1, 1, nan, -1, 1])}, bars, TEN)["IBM"]
    np.testing.assert_allclose(targets, [nan, 0.1, 0.1, nan, 0, 0.1])


def test_percent_risk_loses_the_risk_when_the_price_falls_by_the_ranges():
    sizing = parse_sizing({"kind": "percent_risk", "risk": "1", "multiple": "2", "period": 14, "cap": "100"})
    fraction = fraction_at(1.0, IBM, 300, sizing)
    ranges = talib.TRANGE(IBM.high, IBM.low, IBM.close)[287:301]
    assert fraction * 2 * ranges.mean() / IBM.close[300] == pytest.approx(0.01, abs=1e-9)


def test_a_volatility_target_is_met():
    sizing = parse_sizing({"kind": "volatility_target", "target": "2", "window": 60, "cap": "100"})
    moves = np.diff(IBM.close[240:301]) / IBM.close[240:300]
    assert fraction_at(1.0, IBM, 300, sizing) * moves.std(ddof=1) * 252**0.5 == pytest.approx(0.02, abs=1e-9)


def test_half_of_kelly_is_capped():
    moves = np.diff(IBM.close[48:301]) / IBM.close[48:300]
    won, lost = moves[moves > 0], -moves[moves < 0]
    rate = len(won) / (len(won) + len(lost))
    full = rate - (1 - rate) / (won.mean() / lost.mean())
    sizing = parse_sizing({"kind": "kelly", "window": 252, "cap": "100"})
    assert fraction_at(1.0, IBM, 300, sizing) == pytest.approx(max(full / 2, 0), abs=1e-9)
    assert fraction_at(1.0, IBM, 300, {**sizing, "cap": "0.1"}) == pytest.approx(0.001)


@pytest.mark.parametrize("kind", sorted(SIZINGS))
def test_sizes_use_no_later_bar_and_stay_within_their_cap(kind):
    sizing = parse_sizing({"kind": kind})
    rng = np.random.default_rng(5)
    signal = np.where(rng.random(400) < 0.1, 1.0, 0.0)
    whole = target_fractions({"IBM": signal}, {"IBM": IBM}, sizing)["IBM"]
    assert np.nanmax(whole) <= 0.1
    for cut in (100, 257, 399):
        part = target_fractions({"IBM": signal[:cut]}, {"IBM": IBM.until(cut)}, sizing)["IBM"]
        np.testing.assert_array_equal(part, whole[:cut])


@pytest.mark.parametrize("kind", ["percent_risk", "volatility_target", "kelly"])
def test_without_enough_bars_or_moves_a_size_is_unknown(kind):
    sizing = parse_sizing({"kind": kind})
    assert np.isnan(fraction_at(1.0, IBM, bars_needed(sizing) - 2, sizing))
    price = np.full(400, 5.0)
    flat = Bars(at=IBM.at, open=price, high=price, low=price, close=price, volume=price)
    assert np.isnan(fraction_at(1.0, flat, 399, sizing))


@pytest.mark.parametrize(
    ("raw", "errors"),
    [
        ({"kind": "martingale"}, {"kind"}),
        ({"kind": "fixed_fraction", "fraction": "101"}, {"fraction"}),
        ({"kind": "fixed_fraction", "fracton": "5"}, {"fracton"}),
        ([], {""}),
    ],
)
def test_bad_sizings_are_named(raw, errors):
    with pytest.raises(BadParams) as caught:
        parse_sizing(raw)
    assert set(caught.value.errors) == errors
