"""Value at risk and shortfall, against empyrical-reloaded 0.7.1 and the normal distribution's tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolios.measuring.risk import (
    concentration,
    exposure,
    historical_shortfall,
    historical_var,
    parametric_shortfall,
    parametric_var,
    risk_shares,
)
from tests.portfolios.measuring.test_ratios import AAPL
from tests.portfolios.oracles import EXPECTED

SAYS = EXPECTED["performance"]


@pytest.mark.parametrize(("level", "name"), [(0.95, "95"), (0.99, "99")])
def test_historical_is_empyricals(level: float, name: str) -> None:
    """value_at_risk and conditional_value_at_risk; there, losses are negative."""
    assert historical_var(AAPL, level).value == pytest.approx(-SAYS[f"var_{name}"], abs=1e-12)
    assert historical_shortfall(AAPL, level).value == pytest.approx(-SAYS[f"es_{name}"], abs=1e-12)


@pytest.mark.parametrize(("level", "z", "tail"), [(0.95, 1.644854, 2.062713), (0.99, 2.326348, 2.665214)])
def test_parametric_is_the_normal_table(level: float, z: float, tail: float) -> None:
    """z and φ(z)/(1−c) as in McNeil, Frey and Embrechts, Quantitative Risk Management, example 2.14 (2.06 and 2.67)."""
    spread = float(np.std(AAPL, ddof=1))
    mean = float(np.mean(AAPL))
    assert parametric_var(AAPL, level).value == pytest.approx(z * spread - mean, abs=1e-7)
    assert parametric_shortfall(AAPL, level).value == pytest.approx(tail * spread - mean, abs=1e-7)


def test_a_quantile_needs_days_beyond_it() -> None:
    assert historical_var(AAPL[:59], 0.95).value is None
    assert historical_var(AAPL[:60], 0.95).value is not None
    assert "100" in historical_var(AAPL[:99], 0.99).reason
    assert historical_shortfall(AAPL[:100], 0.99).value is not None
    assert parametric_var(AAPL[:19], 0.95).value is None
    assert parametric_shortfall(AAPL[:19], 0.95).value is None


def test_exposure_and_concentration() -> None:
    values = {"AAPL": 60.0, "MSFT": 20.0}
    shown = exposure(values, 20.0)
    assert shown is not None
    assert (shown.gross, shown.net, shown.cash) == (0.8, 0.8, 0.2)
    found = concentration(values, 20.0)
    assert found is not None
    assert found.hhi == pytest.approx(0.75**2 + 0.25**2)
    assert found.effective == pytest.approx(1 / 0.625)
    assert (found.largest, found.largest_weight) == ("AAPL", 0.6)
    assert exposure({}, 0.0) is None
    assert concentration({}, 10.0) is None


def test_risk_shares_sum_to_one() -> None:
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    shares = risk_shares(np.array([0.6, 0.4]), covariance)
    assert shares.sum() == pytest.approx(1)
    assert shares[0] == pytest.approx((0.36 * 0.04 + 0.24 * 0.01) / (0.36 * 0.04 + 0.48 * 0.01 + 0.16 * 0.09))
    assert risk_shares(np.zeros(2), covariance).tolist() == [0, 0]


@settings(max_examples=1000, deadline=None)
@given(
    seed=st.integers(min_value=0, max_value=2**32),
    size=st.integers(min_value=100, max_value=400),
    level=st.sampled_from([0.9, 0.95, 0.99]),
    kinds=st.integers(min_value=1, max_value=400),
)
def test_the_shortfall_is_at_least_the_value_at_risk(seed: int, size: int, level: float, kinds: int) -> None:
    """Of any returns, many of them equal."""
    random = np.random.default_rng(seed)
    returns = random.choice(random.standard_t(3, kinds) / 50, size)
    for var, shortfall in ((historical_var, historical_shortfall), (parametric_var, parametric_shortfall)):
        at_risk, beyond = var(returns, level).value, shortfall(returns, level).value
        assert at_risk is not None
        assert beyond is not None
        assert beyond >= at_risk - 1e-12
