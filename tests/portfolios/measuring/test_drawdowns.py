"""Falls from a high, against empyrical-reloaded 0.7.1 and by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from portfolios.measuring.drawdowns import deepest, drawdowns, underwater
from tests.portfolios.history import closes
from tests.portfolios.measuring.test_returns import real_dates
from tests.portfolios.oracles import COUNT, EXPECTED

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(8)]


def test_depth_and_dates_are_empyricals_and_pandas() -> None:
    prices = np.array(closes("AAPL", COUNT))
    found = deepest(real_dates("AAPL", COUNT)[1:], prices[1:] / prices[0])
    assert found is not None
    assert found.depth == pytest.approx(-EXPECTED["performance"]["max_drawdown"], abs=1e-12)
    assert [str(found.peak), str(found.trough)] == EXPECTED["performance"]["drawdown_days"]
    assert found.recovered is None


def test_each_fall_has_its_peak_its_trough_and_its_end() -> None:
    index = np.array([1.0, 1.2, 0.9, 1.2, 1.3, 1.17, 1.2, 1.1])
    first, second = drawdowns(DAYS, index)
    assert (first.depth, first.peak, first.trough, first.recovered) == (0.25, DAYS[1], DAYS[2], DAYS[3])
    assert first.days == 2
    assert second.depth == pytest.approx(0.2 / 1.3)
    assert (second.peak, second.trough, second.recovered, second.days) == (DAYS[4], DAYS[7], None, 3)


def test_a_loss_from_the_start_counts_and_a_rise_has_none() -> None:
    assert underwater(np.array([0.9, 0.95])).tolist() == pytest.approx([-0.1, -0.05])
    assert deepest(DAYS[:3], np.array([1.0, 1.1, 1.2])) is None
    assert deepest([], np.array([])) is None
