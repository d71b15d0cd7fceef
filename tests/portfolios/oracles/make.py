"""Writes expected.json: what independent libraries say about the vendored prices. Run in an environment of its own.

    python -m venv /tmp/oracle && /tmp/oracle/bin/pip install empyrical-reloaded==0.7.1 PyPortfolioOpt==1.6.0
    /tmp/oracle/bin/pip install scikit-learn==1.9.1 && /tmp/oracle/bin/python tests/portfolios/oracles/make.py

They bring pandas, cvxpy and a second scipy stack, too much for every run of the tests; their answers do not change.
"""

from __future__ import annotations

import csv
import gzip
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import empyrical
import numpy as np
import pandas as pd
from pypfopt import EfficientFrontier, HRPOpt, risk_models
from scipy.optimize import minimize
from sklearn.covariance import LedoitWolf

HERE = Path(__file__).parent
PRICES = HERE.parents[2] / "markets" / "data" / "stocks.csv.gz"
TICKERS = ["AAPL", "FB", "GOOG", "IBM", "MSFT"]
COUNT = 757  # closes of AAPL and IBM: three years of returns
SHORT = 190  # closes of all five: FB is young


def prices() -> pd.DataFrame:
    """Closes by date, scaled as markets.demo_history scales them and rounded to cents."""
    with gzip.open(PRICES, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {}
    for ticker in TICKERS:
        own = [row for row in rows if row["Ticker"] == ticker]
        last = float(own[-1]["Close"]) / float(own[-1]["Adj Close"])
        columns[ticker] = pd.Series(
            [round(float(row["Close"]) * (float(row["Adj Close"]) / float(row["Close"]) * last), 2) for row in own],
            index=pd.to_datetime([row["Date"] for row in own]),
        )
    return pd.DataFrame(columns)


def performance(frame: pd.DataFrame) -> dict[str, Any]:
    both = frame[["AAPL", "IBM"]].tail(COUNT).pct_change().dropna()
    own, benchmark = both["AAPL"], both["IBM"]
    rate = 1.04 ** (1 / 252) - 1
    return {
        "total": empyrical.cum_returns_final(own),
        "volatility": empyrical.annual_volatility(own),
        "sharpe": empyrical.sharpe_ratio(own),
        "sharpe_4": empyrical.sharpe_ratio(own, risk_free=rate),
        "sortino": empyrical.sortino_ratio(own),
        "sortino_4": empyrical.sortino_ratio(own, required_return=rate),
        "max_drawdown": empyrical.max_drawdown(own),
        "beta": empyrical.beta(own, benchmark),
        "alpha_4": empyrical.alpha(own, benchmark, risk_free=rate),
        "var_95": empyrical.value_at_risk(own, 0.05),
        "var_99": empyrical.value_at_risk(own, 0.01),
        "es_95": empyrical.conditional_value_at_risk(own, 0.05),
        "es_99": empyrical.conditional_value_at_risk(own, 0.01),
        "information_daily": empyrical.excess_sharpe(own, benchmark),
        "correlation": own.corr(benchmark),
        "monthly": [float(value) for value in empyrical.aggregate_returns(own, "monthly")],
        "yearly": [float(value) for value in empyrical.aggregate_returns(own, "yearly")],
        "drawdown_days": drawdown_days(own),
    }


def drawdown_days(own: pd.Series) -> list[str]:
    wealth = (1 + own).cumprod()
    below = wealth / wealth.cummax() - 1
    trough = below.idxmin()
    peak = wealth[:trough].idxmax()
    return [str(peak.date()), str(trough.date())]


def solve(expected: Any, covariance: Any, bounds: Any, how: str, *arguments: Any) -> list[float]:
    frontier = EfficientFrontier(expected, covariance, weight_bounds=bounds, solver="CLARABEL")
    frontier._solver_options = {"tol_gap_abs": 1e-14, "tol_gap_rel": 1e-14, "tol_feas": 1e-14}
    getattr(frontier, how)(*arguments)
    return [float(weight) for weight in frontier.weights]


def parity(covariance: np.ndarray, high: float) -> list[float]:
    """Richard and Roncalli's bounded problem, by scipy: the barrier's strength is found with scipy's brentq."""
    from scipy.optimize import brentq

    size = len(covariance)

    def weights(log_strength: float) -> np.ndarray:
        strength = np.exp(log_strength)
        return minimize(
            lambda x: 0.5 * x @ covariance @ x - strength * np.log(x).sum(),
            np.full(size, 0.1),
            jac=lambda x: covariance @ x - strength / x,
            bounds=[(1e-9, high)] * size,
            method="L-BFGS-B",
            options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 10_000},
        ).x

    return [float(w) for w in weights(brentq(lambda s: weights(s).sum() - 1, -12, 4, xtol=1e-13))]


def optimising(frame: pd.DataFrame) -> dict[str, Any]:
    five = frame.dropna().tail(SHORT)
    returns = five.pct_change().dropna()
    fitted = LedoitWolf().fit(returns.values)
    covariance = pd.DataFrame(fitted.covariance_ * 252, index=TICKERS, columns=TICKERS)
    assert np.allclose(risk_models.CovarianceShrinkage(five).ledoit_wolf(), covariance, atol=1e-12)
    expected = returns.mean() * 252
    hrp = HRPOpt(cov_matrix=covariance)
    weights = hrp.optimize()
    return {
        "covariance": fitted.covariance_.tolist(),
        "shrinkage": fitted.shrinkage_,
        "expected": [float(value) for value in expected],
        "min_variance": solve(expected, covariance, (0, 1), "min_volatility"),
        "min_variance_bounded": solve(expected, covariance, (0.05, 0.3), "min_volatility"),
        "max_sharpe": solve(expected, covariance, (0, 1), "max_sharpe", 0.02),
        "max_sharpe_bounded": solve(expected, covariance, (0.05, 0.3), "max_sharpe", 0.02),
        "target_10": solve(expected, covariance, (0, 1), "efficient_return", 0.1),
        "target_30": solve(expected, covariance, (0, 1), "efficient_return", 0.3),
        "hrp": [weights[ticker] for ticker in TICKERS],
        "risk_parity_22": parity(covariance.values, 0.22),
    }


if __name__ == "__main__":
    frame = prices()
    made = {
        "made_with": {
            name: version(name) for name in ("empyrical-reloaded", "PyPortfolioOpt", "scikit-learn", "scipy", "pandas")
        },
        "performance": performance(frame),
        "optimising": optimising(frame),
    }
    (HERE / "expected.json").write_text(json.dumps(made, indent=1) + "\n")
