"""Closes of several symbols side by side."""

from __future__ import annotations

import numpy as np

from markets.closes import Closes
from portfolios.measuring.aligning import common, side_by_side, simple_returns

SERIES = {
    "A": Closes(days=[1, 2, 4], prices=[10.0, 11.0, 12.1]),
    "B": Closes(days=[2, 3, 4], prices=[5.0, 6.0, 3.0]),
}


def test_missing_days_are_not_numbers() -> None:
    days, closes = side_by_side(SERIES, ["A", "B", "C"])
    assert days.tolist() == [1, 2, 3, 4]
    assert np.isnan(closes).tolist() == [[False, False, True, False], [True, False, False, False], [True] * 4]
    days, closes = side_by_side(SERIES, ["A", "B"], 2)
    assert (days.tolist(), closes[1].tolist()) == ([3, 4], [6.0, 3.0])


def test_common_days_and_their_returns() -> None:
    days, closes = common(*side_by_side(SERIES, ["A", "B"]))
    assert days.tolist() == [2, 4]
    assert np.allclose(simple_returns(closes), [[0.1], [-0.4]])


def test_nothing_known_is_nothing() -> None:
    days, closes = side_by_side({}, ["A"])
    assert (len(days), closes.shape) == (0, (1, 0))
