"""The methods by name. Plain Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from portfolios.measuring.figures import Floats
from portfolios.optimising.bounding import within
from portfolios.optimising.hierarchical import hierarchical
from portfolios.optimising.mean_variance import maximum_sharpe, minimum_variance, target_return
from portfolios.optimising.risk_parity import risk_parity
from portfolios.optimising.types import Task


def equal_weight(task: Task) -> Floats:
    """1/n each, as far as the bounds allow: hard to beat out of sample (DeMiguel, Garlappi and Uppal, 2009)."""
    return within(np.ones(len(task)), task.low, task.high)


METHODS: Mapping[str, Callable[[Task], Floats]] = {
    "max_sharpe": maximum_sharpe,
    "target_return": target_return,
    "min_variance": minimum_variance,
    "risk_parity": risk_parity,
    "hrp": hierarchical,
    "equal_weight": equal_weight,
}
