"""Value at risk and expected shortfall of one day, exposure and concentration. Plain numpy.

Losses are positive: 0.02 is 2 % of equity; a negative value at risk means that even the bad days gained.
Sources: Jorion, Value at Risk, 2006 (historical simulation, delta-normal); Acerbi and Tasche, 2002 (expected
shortfall); quantiles are linear between order statistics (Hyndman and Fan type 7, numpy's and empyrical's default).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from portfolios.measuring.figures import Figure, Floats, enough, known, unknown
from portfolios.measuring.ratios import LEAST

NORMAL = NormalDist()
LEVELS = (0.95, 0.99)


def least_days(confidence: float) -> int:
    """Returns needed for a historical quantile: as many as make one day beyond it likely; 60 at least."""
    return max(60, math.ceil(1 / (1 - confidence) - 1e-9))


def historical_var(returns: Floats, confidence: float) -> Figure:
    """The loss that `confidence` of the days did not exceed."""
    missing = enough(returns, least_days(confidence))
    return unknown(missing) if missing else known(-float(np.quantile(returns, 1 - confidence)))


def historical_shortfall(returns: Floats, confidence: float) -> Figure:
    """The mean loss of the days at or beyond the value at risk."""
    missing = enough(returns, least_days(confidence))
    if missing:
        return unknown(missing)
    ordered = np.sort(returns)
    # The rounding error of 1 - 0.95 must not cost a day.
    beyond = int((len(ordered) - 1) * (1 - confidence) + 1e-9) + 1
    return known(-float(ordered[:beyond].mean()))


def parametric_var(returns: Floats, confidence: float) -> Figure:
    """The same if returns were normal: −(mean + z × standard deviation)."""
    missing = enough(returns, LEAST)
    if missing:
        return unknown(missing)
    spread = float(np.std(returns, ddof=1))
    return known(-(float(np.mean(returns)) + NORMAL.inv_cdf(1 - confidence) * spread))


def parametric_shortfall(returns: Floats, confidence: float) -> Figure:
    """The mean loss beyond the parametric value at risk: −mean + σ φ(z) / (1 − confidence)."""
    missing = enough(returns, LEAST)
    if missing:
        return unknown(missing)
    spread = float(np.std(returns, ddof=1))
    density = NORMAL.pdf(NORMAL.inv_cdf(1 - confidence))
    return known(-float(np.mean(returns)) + spread * density / (1 - confidence))


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposure:
    """Shares of equity: 1 is 100 %. Long only, gross is net."""

    gross: float
    net: float
    cash: float


def exposure(values: Mapping[str, float], cash: float) -> Exposure | None:
    """Of holdings worth `values` dollars and `cash` dollars; None without equity."""
    equity = sum(values.values()) + cash
    if equity <= 0:
        return None
    gross = sum(abs(value) for value in values.values())
    return Exposure(gross=gross / equity, net=sum(values.values()) / equity, cash=cash / equity)


@dataclass(frozen=True, kw_only=True, slots=True)
class Concentration:
    """`hhi` is Herfindahl and Hirschman's index of what is invested: 1 is one holding, 1/n is n equal ones."""

    hhi: float
    effective: float  # 1 / hhi: the number of equal holdings that would be as concentrated
    largest: str
    largest_weight: float  # of equity, cash included


def concentration(values: Mapping[str, float], cash: float) -> Concentration | None:
    """Of holdings worth `values` dollars; None without any."""
    invested = sum(values.values())
    if invested <= 0:
        return None
    hhi = sum((value / invested) ** 2 for value in values.values())
    largest = max(values, key=lambda symbol: values[symbol])
    weight = values[largest] / (invested + cash)
    return Concentration(hhi=hhi, effective=1 / hhi, largest=largest, largest_weight=weight)


def risk_shares(weights: Floats, covariance: Floats) -> Floats:
    """Each holding's part of the variance, summing to 1: w (Σw) / w'Σw (Maillard, Roncalli and Teïletche, 2010)."""
    marginal = covariance @ weights
    variance = float(weights @ marginal)
    return np.asarray(weights * marginal / variance if variance > 0 else np.zeros_like(weights), dtype=np.float64)
