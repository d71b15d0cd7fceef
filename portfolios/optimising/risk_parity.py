"""Risk parity: every asset contributes the same part of the variance. Plain numpy.

Maillard, Roncalli and Teïletche, The Properties of Equally Weighted Risk Contribution Portfolios, 2010; solved by
cyclical coordinate descent (Griveau-Billion, Richard and Roncalli, 2013), bounds as in Richard and Roncalli,
Constrained Risk Budgeting Portfolios, 2019: assets at a bound aside, contributions are equal.
"""

from __future__ import annotations

import math

import numpy as np

from portfolios.measuring.figures import Floats
from portfolios.optimising.types import Task

SWEEPS = 1000
STILL = 1e-13
HALVINGS = 100


def risk_parity(task: Task) -> Floats:
    """The weights of equal risk contributions, as far as the bounds allow it."""
    unbounded = np.zeros(len(task)), np.full(len(task), np.inf)
    start = 1 / np.sqrt(np.diag(task.covariance))
    free = _descend(task.covariance, 1.0, *unbounded, start)
    weights = np.asarray(free / free.sum(), dtype=np.float64)
    if np.all(weights >= task.low) and np.all(weights <= task.high):
        return weights
    # The sum grows with the strength of the barrier: halve until it is 1. Without bounds it grows as its root.
    least, most = -60.0, 10.0
    for _ in range(HALVINGS):
        middle = (least + most) / 2
        weights = _descend(task.covariance, math.exp(middle), task.low, task.high, weights)
        if weights.sum() < 1:
            least = middle
        else:
            most = middle
        if abs(weights.sum() - 1) < 1e-11:
            break
    return weights


def _descend(covariance: Floats, strength: float, low: Floats, high: Floats, start: Floats) -> Floats:
    """The least ½x'Σx − strength Σ ln x within the bounds, one coordinate after the other."""
    x = np.clip(start, np.maximum(low, 1e-12), high)
    for _ in range(SWEEPS):
        before = x.copy()
        for asset in range(len(x)):
            own = covariance[asset, asset]
            others = float(covariance[asset] @ x) - own * x[asset]
            best = (-others + math.sqrt(others * others + 4 * own * strength)) / (2 * own)
            x[asset] = min(max(best, low[asset], 1e-12), high[asset])
        if np.abs(x - before).max() <= STILL * np.abs(x).max():
            break
    return np.asarray(x, dtype=np.float64)
