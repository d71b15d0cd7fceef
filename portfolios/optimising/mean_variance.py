"""Minimum variance, a target return at the least variance, and the best return per risk. Plain numpy.

Markowitz, Portfolio Selection, 1952; the best Sharpe ratio becomes a quadratic programme as in Cornuéjols and Tütüncü,
Optimization Methods in Finance, 2006, §8.2.
"""

from __future__ import annotations

import numpy as np

from portfolios.measuring.figures import Floats
from portfolios.optimising.quadratic import DidNotConverge, minimise
from portfolios.optimising.types import NoSolution, Task

FIXED = 1e-9  # bounds closer than this leave nothing to choose


def minimum_variance(task: Task) -> Floats:
    """The weights of the least variance."""
    return _least_variance(task, np.ones((1, len(task))), np.ones(1))


def target_return(task: Task) -> Floats:
    """The least variance among the weights that are expected to return at least `task.target_return` a year."""
    wanted = task.target_return
    if wanted is None:
        raise NoSolution("target_return", "Give the annual return to aim for, e.g. 0.08.")
    lowest, highest = extremes(task)
    if wanted > highest + FIXED:
        raise NoSolution(
            "target_return",
            f"{wanted:g} is out of reach: within the bounds these symbols are expected to return "
            f"{lowest:.4f} to {highest:.4f} a year.",
        )
    calm = minimum_variance(task)
    if float(calm @ task.expected) >= wanted:
        return calm
    # At the very end only one portfolio is left, and no method finds it in an empty interior.
    aim = min(wanted, highest - 1e-7 * (highest - lowest))
    return _least_variance(task, np.vstack([np.ones(len(task)), task.expected]), np.array([1.0, aim]))


def maximum_sharpe(task: Task) -> Floats:
    """The weights of the highest expected return above the risk-free rate per standard deviation."""
    _, highest = extremes(task)
    if highest <= task.risk_free:
        raise NoSolution(
            "risk_free",
            f"None of the symbols is expected to return more than {task.risk_free:g} a year, so there is no best "
            "return per risk: use min_variance, or a lower rate.",
        )
    size = len(task)
    # Weights times a factor k, which is the last variable: the excess return of what is solved for is 1.
    p = np.zeros((size + 1, size + 1))
    p[:size, :size] = task.covariance / _scale(task)
    sums = np.append(np.ones(size), -1.0)
    excess = np.append(task.expected - task.risk_free, 0.0)
    free = task.high - task.low > FIXED
    identity = np.eye(size)
    fixed = np.column_stack([identity, -task.low])[~free]
    a = np.vstack([sums, excess, fixed])
    b = np.concatenate([[0.0, 1.0], np.zeros(len(fixed))])
    g = np.vstack(
        [
            np.column_stack([-identity, task.low])[free],
            np.column_stack([identity, -task.high])[free],
            np.append(np.zeros(size), -1.0),
        ]
    )
    solved = _solve(p, a, b, g, np.zeros(len(g)))
    return _tidy(solved[:size] / solved[size], task)


def extremes(task: Task) -> tuple[float, float]:
    """The lowest and the highest expected annual return within the bounds."""
    ends = []
    for order in (np.argsort(task.expected), np.argsort(-task.expected)):
        weights = task.low.copy()
        for asset in order:
            weights[asset] = min(task.high[asset], weights[asset] + 1 - weights.sum())
        ends.append(float(weights @ task.expected))
    return ends[0], ends[1]


def _least_variance(task: Task, a: Floats, b: Floats) -> Floats:
    free = task.high - task.low > FIXED
    identity = np.eye(len(task))
    if not free.any():
        return task.low
    a = np.vstack([a, identity[~free]])
    b = np.concatenate([b, task.low[~free]])
    g = np.vstack([-identity[free], identity[free]])
    h = np.concatenate([-task.low[free], task.high[free]])
    return _tidy(_solve(task.covariance / _scale(task), a, b, g, h), task)


def _solve(p: Floats, a: Floats, b: Floats, g: Floats, h: Floats) -> Floats:
    try:
        return minimise(p, np.zeros(len(p)), a, b, g, h)
    except DidNotConverge:
        raise NoSolution(
            "bounds", "The bounds leave (almost) nothing to choose from: widen them, or drop a symbol."
        ) from None


def _scale(task: Task) -> float:
    """Average variance: what is solved is the same for calm and for wild assets."""
    return float(np.trace(task.covariance)) / len(task) or 1.0


def _tidy(weights: Floats, task: Task) -> Floats:
    clipped = np.clip(weights, task.low, task.high)
    return np.asarray(np.where(clipped < 1e-9, 0.0, clipped), dtype=np.float64)
