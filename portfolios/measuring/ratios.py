"""Return per unit of risk, and what a benchmark explains. Plain numpy; daily simple returns, 252 to the year.

Sharpe and Sortino are those of Sharpe (The Sharpe Ratio, 1994) and Sortino and Price (1994) as empyrical computes them:
sample standard deviation (n − 1), downside deviation over all days below the requirement.
"""

from __future__ import annotations

import math

import numpy as np

from portfolios.measuring.figures import YEAR, Figure, Floats, enough, known, unknown

LEAST = 20  # daily returns below which a ratio says nothing
FLAT = 1e-12  # a spread below this is a rounding error: the value never moved
NEVER_MOVED = "The value never moved, so there is no risk to divide by."


def per_day(annual: float) -> float:
    """An annual rate as the rate of one session."""
    return float((1.0 + annual) ** (1.0 / YEAR) - 1.0)


def volatility(returns: Floats) -> Figure:
    """The annual standard deviation: 0.2 is 20 %."""
    missing = enough(returns, LEAST)
    return unknown(missing) if missing else known(float(np.std(returns, ddof=1)) * math.sqrt(YEAR))


def sharpe(returns: Floats, risk_free: float = 0.0) -> Figure:
    """Mean return above the risk-free rate (annual, 0.04 is 4 %) per standard deviation, annual."""
    missing = enough(returns, LEAST)
    if missing:
        return unknown(missing)
    excess = returns - per_day(risk_free)
    spread = float(np.std(excess, ddof=1))
    return known(float(np.mean(excess)) / spread * math.sqrt(YEAR)) if spread > FLAT else unknown(NEVER_MOVED)


def sortino(returns: Floats, risk_free: float = 0.0) -> Figure:
    """The same per downside deviation: the root of the mean square of what fell short."""
    missing = enough(returns, LEAST)
    if missing:
        return unknown(missing)
    excess = returns - per_day(risk_free)
    downside = float(np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2)))
    if downside <= FLAT:
        return unknown("No day fell short, so there is no downside to divide by.")
    return known(float(np.mean(excess)) / downside * math.sqrt(YEAR))


def calmar(cagr: Figure, deepest: float) -> Figure:
    """CAGR per deepest drawdown (Young, 1991)."""
    if cagr.value is None:
        return cagr
    return known(cagr.value / deepest) if deepest > FLAT else unknown("There was no drawdown to divide by.")


def correlation(returns: Floats, benchmark: Floats) -> Figure:
    """Pearson's, −1 to 1."""
    missing = enough(returns, LEAST, "common daily returns")
    if missing:
        return unknown(missing)
    if np.std(returns) <= FLAT or np.std(benchmark) <= FLAT:
        return unknown(NEVER_MOVED)
    return known(float(np.corrcoef(returns, benchmark)[0, 1]))


def beta(returns: Floats, benchmark: Floats) -> Figure:
    """How much it moves when the benchmark moves by one: covariance over the benchmark's variance."""
    missing = enough(returns, LEAST, "common daily returns")
    if missing:
        return unknown(missing)
    if np.std(benchmark) <= FLAT:
        return unknown("The benchmark never moved.")
    return known(float(np.cov(returns, benchmark, ddof=1)[0, 1] / np.var(benchmark, ddof=1)))


def alpha(returns: Floats, benchmark: Floats, risk_free: float = 0.0) -> Figure:
    """Jensen's alpha (1968), annual, compounded: what beta times the benchmark's excess leaves unexplained."""
    slope = beta(returns, benchmark)
    if slope.value is None:
        return slope
    rate = per_day(risk_free)
    daily = float(np.mean((returns - rate) - slope.value * (benchmark - rate)))
    return known((1.0 + daily) ** YEAR - 1.0)


def tracking_error(returns: Floats, benchmark: Floats) -> Figure:
    """The annual standard deviation of the difference to the benchmark."""
    missing = enough(returns, LEAST, "common daily returns")
    return unknown(missing) if missing else known(float(np.std(returns - benchmark, ddof=1)) * math.sqrt(YEAR))


def information_ratio(returns: Floats, benchmark: Floats) -> Figure:
    """Mean difference to the benchmark per tracking error, annual."""
    error = tracking_error(returns, benchmark)
    if error.value is None:
        return error
    if error.value <= FLAT:
        return unknown("It moves exactly as the benchmark does.")
    return known(float(np.mean(returns - benchmark)) * YEAR / error.value)
