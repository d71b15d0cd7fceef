"""From signals to targets: long-only, sized at a change, never with what comes later."""

from __future__ import annotations

import numpy as np
import pytest

from automation.strategies.sizing import fraction_at, parse_sizing, target_fractions
from automation.triggers.base import BadParams
from tests.automation.strategies.history import real_bars

TEN = parse_sizing({"kind": "fixed_fraction", "fraction": "10"})


def test_a_fraction_of_the_equity_by_signal():
    bars = real_bars("IBM", count=50)["IBM"]
    assert [fraction_at(signal, bars, 20, TEN) for signal in (1.0, 0.5, 0.0, -1.0)] == [0.1, 0.05, 0.0, 0.0]
    assert np.isnan(fraction_at(float("nan"), bars, 20, TEN))


def test_a_target_stays_until_the_signal_changes():
    bars = real_bars("IBM", count=6)
    nan = np.nan
    targets = target_fractions({"IBM": np.array([nan, 1, 1, nan, -1, 1])}, bars, TEN)["IBM"]
    np.testing.assert_allclose(targets, [nan, 0.1, 0.1, nan, 0, 0.1])


@pytest.mark.parametrize(
    ("raw", "errors"),
    [
        ({"kind": "martingale"}, {"kind"}),
        ({"kind": "fixed_fraction", "fraction": "101"}, {"fraction"}),
        ({"kind": "fixed_fraction", "fracton": "5"}, {"fracton"}),
    ],
)
def test_bad_sizings_are_named(raw, errors):
    with pytest.raises(BadParams) as caught:
        parse_sizing(raw)
    assert set(caught.value.errors) == errors
