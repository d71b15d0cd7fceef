"""Proposed weights of real history, against PyPortfolioOpt 1.6.0, scikit-learn 1.9.1 and scipy 1.17.1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolios.measuring.figures import Floats
from portfolios.measuring.risk import risk_shares
from portfolios.optimising.estimating import expected_returns, shrunk_covariance
from portfolios.optimising.mean_variance import extremes
from portfolios.optimising.methods import METHODS
from portfolios.optimising.types import NoSolution, Task
from tests.portfolios.history import TICKERS, closes
from tests.portfolios.oracles import EXPECTED, SHORT

SAYS = EXPECTED["optimising"]


def returns() -> Floats:
    prices = np.array([closes(ticker, SHORT) for ticker in TICKERS])
    return prices[:, 1:] / prices[:, :-1] - 1


def task(low: float = 0.0, high: float = 1.0) -> Task:
    covariance, _ = shrunk_covariance(returns())
    return Task(
        expected=expected_returns(returns()),
        covariance=covariance,
        low=np.full(5, low),
        high=np.full(5, high),
        risk_free=0.02,
        target_return=0.1,
    )


def test_moments_are_scikit_learns() -> None:
    """sklearn.covariance.LedoitWolf; per day there, per year here."""
    covariance, shrinkage = shrunk_covariance(returns())
    assert np.allclose(covariance / 252, SAYS["covariance"], rtol=0, atol=1e-12)
    assert shrinkage == pytest.approx(SAYS["shrinkage"], abs=1e-9)
    assert expected_returns(returns()).tolist() == pytest.approx(SAYS["expected"], abs=1e-9)


@pytest.mark.parametrize(
    ("method", "bounds", "says"),
    [
        ("min_variance", (0.0, 1.0), "min_variance"),
        ("min_variance", (0.05, 0.3), "min_variance_bounded"),
        ("max_sharpe", (0.0, 1.0), "max_sharpe"),
        ("max_sharpe", (0.05, 0.3), "max_sharpe_bounded"),
        ("target_return", (0.0, 1.0), "target_10"),
        ("target_return+", (0.0, 1.0), "target_30"),
        ("hrp", (0.0, 1.0), "hrp"),
    ],
)
def test_weights_are_pyportfolioopts(method: str, bounds: tuple[float, float], says: str) -> None:
    asked = replace(task(*bounds), target_return=0.3 if method.endswith("+") else 0.1)
    assert METHODS[method.rstrip("+")](asked).tolist() == pytest.approx(SAYS[says], abs=1e-6)


def test_bounded_risk_parity_is_scipys() -> None:
    """The same problem given to L-BFGS-B and brentq."""
    weights = METHODS["risk_parity"](task(0.0, 0.22))
    assert weights.tolist() == pytest.approx(SAYS["risk_parity_22"], abs=1e-6)
    free = weights < 0.22 - 1e-6
    assert np.ptp(risk_shares(weights, task().covariance)[free]) < 1e-6


def test_risk_parity_is_roncallis_example() -> None:
    """Roncalli, Introduction to Risk Parity and Budgeting, 2013, §2.2: 30, 20, 15 %; correlations 0.8, 0.5, 0.3."""
    spread = np.array([0.3, 0.2, 0.15])
    correlation = np.array([[1, 0.8, 0.5], [0.8, 1, 0.3], [0.5, 0.3, 1]])
    covariance = correlation * np.outer(spread, spread)
    example = Task(expected=np.zeros(3), covariance=covariance, low=np.zeros(3), high=np.ones(3))
    weights = METHODS["risk_parity"](example)
    assert weights.tolist() == pytest.approx([0.1969, 0.3244, 0.4787], abs=5e-5)
    assert risk_shares(weights, covariance).tolist() == pytest.approx([1 / 3] * 3, abs=1e-9)


def test_wishes_that_cannot_be_met_say_why() -> None:
    with pytest.raises(NoSolution, match="out of reach") as caught:
        METHODS["target_return"](replace(task(), target_return=0.9))
    assert caught.value.field == "target_return"
    with pytest.raises(NoSolution, match="Give the annual return"):
        METHODS["target_return"](replace(task(), target_return=None))
    with pytest.raises(NoSolution, match=r"more than 0\.9") as caught:
        METHODS["max_sharpe"](replace(task(), risk_free=0.9))
    assert caught.value.field == "risk_free"


@pytest.mark.parametrize("method", METHODS)
def test_bounds_that_leave_no_choice_are_kept(method: str) -> None:
    pinned = replace(task(), low=np.full(5, 0.2), high=np.full(5, 0.2), risk_free=0.0, target_return=0.0)
    pinned = replace(pinned, target_return=extremes(pinned)[0])
    assert METHODS[method](pinned).tolist() == pytest.approx([0.2] * 5, abs=1e-9)
    half = replace(task(), low=np.array([0.5, 0, 0, 0, 0]), high=np.array([0.5, 1, 1, 1, 1]), risk_free=-1.0)
    half = replace(half, target_return=float(np.mean(extremes(half))))
    weights = METHODS[method](half)
    assert weights[0] == pytest.approx(0.5, abs=1e-9)
    assert weights.sum() == pytest.approx(1, abs=1e-8)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    size = draw(st.integers(min_value=2, max_value=7))
    random = np.random.default_rng(draw(st.integers(min_value=0, max_value=10**6)))
    scale = random.uniform(0.05, 0.8, size)
    moves = random.normal(size=(size, 120)) * scale[:, None] / 16 + random.normal(size=120) * 0.01
    even = 1 / size
    low = np.round(random.uniform(0, even, size) * draw(st.sampled_from([0.0, 0.9])), 4)
    high = np.round(even + random.uniform(0.01, 1 - even, size), 4)
    one = Task(expected=expected_returns(moves), covariance=shrunk_covariance(moves)[0], low=low, high=high)
    lowest, highest = extremes(one)
    return replace(one, target_return=(lowest + highest) / 2, risk_free=lowest - 0.1)


@settings(max_examples=150, deadline=None)
@given(one=tasks(), method=st.sampled_from(sorted(METHODS)))
def test_weights_sum_to_one_within_the_bounds(one: Task, method: str) -> None:
    weights = METHODS[method](one)
    assert weights.sum() == pytest.approx(1, abs=1e-7)
    assert np.all(weights >= one.low - 1e-9)
    assert np.all(weights <= one.high + 1e-9)
    if method == "min_variance":  # nothing near it has less
        variance = weights @ one.covariance @ weights
        for other in ("risk_parity", "hrp", "equal_weight"):
            against = METHODS[other](one)
            assert variance <= against @ one.covariance @ against + 1e-9
