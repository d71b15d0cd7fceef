"""Ratios of real history, against empyrical-reloaded 0.7.1 (tests/portfolios/oracles/make.py)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from portfolios.measuring.figures import Floats, known, unknown
from portfolios.measuring.ratios import (
    alpha,
    beta,
    calmar,
    correlation,
    information_ratio,
    sharpe,
    sortino,
    tracking_error,
    volatility,
)
from tests.portfolios.history import closes
from tests.portfolios.oracles import COUNT, EXPECTED

SAYS = EXPECTED["performance"]


def returns(ticker: str) -> Floats:
    prices = np.array(closes(ticker, COUNT))
    return prices[1:] / prices[:-1] - 1


AAPL, IBM = returns("AAPL"), returns("IBM")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("volatility", volatility(AAPL).value),
        ("sharpe", sharpe(AAPL).value),
        ("sharpe_4", sharpe(AAPL, 0.04).value),
        ("sortino", sortino(AAPL).value),
        ("sortino_4", sortino(AAPL, 0.04).value),
        ("beta", beta(AAPL, IBM).value),
        ("alpha_4", alpha(AAPL, IBM, 0.04).value),
        ("correlation", correlation(AAPL, IBM).value),
    ],
)
def test_it_is_empyricals(name: str, value: float) -> None:
    assert value == pytest.approx(SAYS[name], abs=1e-9)


def test_the_information_ratio_is_empyricals_times_the_year() -> None:
    """empyrical.excess_sharpe is per day; tracking error is its denominator."""
    ratio, error = information_ratio(AAPL, IBM).value, tracking_error(AAPL, IBM).value
    assert ratio == pytest.approx(SAYS["information_daily"] * math.sqrt(252), abs=1e-9)
    assert ratio * error == pytest.approx(float(np.mean(AAPL - IBM)) * 252)


def test_calmar_divides_growth_by_the_deepest_fall() -> None:
    assert calmar(known(0.2), 0.4).value == pytest.approx(0.5)
    assert calmar(unknown("Less than a year."), 0.4).reason == "Less than a year."
    assert "no drawdown" in calmar(known(0.2), 0.0).reason


def test_too_little_data_gives_no_number() -> None:
    few = AAPL[:19]
    for figure in (volatility(few), sharpe(few), sortino(few), beta(few, few), alpha(few, few), correlation(few, few)):
        assert (figure.value, "20" in figure.reason) == (None, True)
    assert tracking_error(few, few).value is None
    assert information_ratio(few, few).value is None


def test_what_never_moves_has_no_ratio() -> None:
    flat = np.zeros(30)
    assert volatility(flat).value == 0
    assert "never moved" in sharpe(flat).reason
    assert "fell short" in sortino(np.full(30, 0.01)).reason
    assert "benchmark never moved" in beta(AAPL[:30], flat).reason
    assert "exactly as" in information_ratio(AAPL, AAPL).reason
    assert correlation(AAPL[:30], flat).value is None
