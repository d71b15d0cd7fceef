"""Hierarchical risk parity: similar assets share what their cluster gets. Plain numpy.

López de Prado, Building Diversified Portfolios that Outperform Out of Sample, 2016: single linkage of the distance
√((1 − correlation) / 2), leaves in the order of the tree, and halves of that order weighted against their variances.
"""

from __future__ import annotations

import numpy as np

from portfolios.measuring.figures import Floats
from portfolios.optimising.bounding import within
from portfolios.optimising.types import Task


def hierarchical(task: Task) -> Floats:
    """The weights; where a bound is met, the others share the rest in proportion."""
    spread = np.sqrt(np.diag(task.covariance))
    correlation = task.covariance / np.outer(spread, spread)
    distance = np.sqrt(np.clip((1 - correlation) / 2, 0.0, 1.0))
    weights = np.ones(len(task))
    waiting = [leaves_in_order(distance)]
    while waiting:
        cluster = waiting.pop()
        if len(cluster) < 2:
            continue
        left, right = cluster[: len(cluster) // 2], cluster[len(cluster) // 2 :]
        variances = [_variance(task.covariance, half) for half in (left, right)]
        share = 1 - variances[0] / sum(variances)
        weights[left] *= share
        weights[right] *= 1 - share
        waiting += [left, right]
    return within(weights, task.low, task.high)


def leaves_in_order(distance: Floats) -> list[int]:
    """The leaves of the single-linkage tree from left to right; of two clusters the older one stands left."""
    between = distance.astype(np.float64).copy()
    np.fill_diagonal(between, np.inf)
    clusters: dict[int, list[int]] = {row: [row] for row in range(len(distance))}
    born = list(range(len(distance)))  # by row: when its cluster came to be
    newest = len(distance)
    while len(clusters) > 1:
        one, other = divmod(int(np.argmin(between)), len(distance))
        first, second = sorted((one, other), key=lambda row: born[row])
        clusters[first] += clusters.pop(second)
        nearest = np.minimum(between[first], between[second])
        between[first], between[:, first] = nearest, nearest
        between[second], between[:, second] = np.inf, np.inf
        between[first, first] = np.inf
        born[first], newest = newest, newest + 1
    return next(iter(clusters.values()))


def _variance(covariance: Floats, assets: list[int]) -> float:
    """Of the cluster weighted inversely to its assets' variances."""
    own = covariance[np.ix_(assets, assets)]
    weights = 1 / np.diag(own)
    weights = weights / weights.sum()
    return float(weights @ own @ weights)
