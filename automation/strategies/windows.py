"""Values over the last so many bars, as whole columns. numpy only.

Each value is summed in the same order whatever comes after it, so a prefix of the bars gives exactly a prefix of the
values; and a NaN makes only those windows unknown that hold it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from automation.strategies.base import Floats


def before(values: Floats, count: int) -> Floats:
    """The value `count` bars ago; NaN where there is none."""
    if count == 0:
        return values
    shifted = np.full(len(values), np.nan)
    shifted[count:] = values[: len(values) - count]
    return shifted


def weighted(values: Floats, weights: Sequence[float]) -> Floats:
    """Σ weights[k] · value k bars ago; NaN for the first len(weights) - 1 bars."""
    total = np.full(len(values), np.nan)
    size = len(values) - len(weights) + 1
    if size <= 0:
        return total
    inner = np.zeros(size)
    for back, weight in enumerate(weights):
        start = len(weights) - 1 - back
        inner += values[start : start + size] * weight
    total[len(weights) - 1 :] = inner
    return total
