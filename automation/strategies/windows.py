"""Values over the last so many bars, as whole columns. numpy only.

Each value is summed in the same order whatever comes after it, so a prefix of the bars gives exactly a prefix of the
values; and a NaN makes only those windows unknown that hold it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from automation.strategies.base import Floats

Flags = NDArray[np.bool_]


def before(values: Floats, count: int) -> Floats:
    """The value `count` bars ago; NaN where there is none."""
    if count == 0:
        return values
    shifted = np.full(len(values), np.nan)
    shifted[count:] = values[: max(len(values) - count, 0)]
    return shifted


def complete(values: Floats, period: int) -> Flags:
    """Whether none of the last `period` values is missing."""
    missing = np.cumsum(np.isnan(values))
    whole = np.zeros(len(values), dtype=bool)
    if len(values) >= period:
        earlier = np.concatenate([[0], missing[: len(values) - period]])
        whole[period - 1 :] = missing[period - 1 :] == earlier
    return whole


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


def mean(values: Floats, period: int) -> Floats:
    """The simple average, to 9 places: averages of equal prices are equal, so that none crosses another."""
    return np.round(weighted(values, [1.0] * period) / period, 9)


def deviation(values: Floats, period: int) -> Floats:
    """The standard deviation of the population, as Bollinger takes it."""
    return np.sqrt(covariance(values, values, period))


def covariance(first: Floats, second: Floats, period: int) -> Floats:
    """The covariance of the population: in two passes, because prices are large beside what they move."""
    ones = [1.0] * period
    first_mean, second_mean = weighted(first, ones) / period, weighted(second, ones) / period
    total = np.full(len(first), np.nan)
    size = len(first) - period + 1
    if size <= 0:
        return total
    last = slice(period - 1, None)
    inner = np.zeros(size)
    for start in range(period):
        part = slice(start, start + size)
        inner += (first[part] - first_mean[last]) * (second[part] - second_mean[last])
    total[last] = inner / period
    return total


def highest(values: Floats, period: int) -> Floats:
    """The largest value."""
    return _extreme(values, period, np.maximum)


def lowest(values: Floats, period: int) -> Floats:
    """The smallest value."""
    return _extreme(values, period, np.minimum)


def _extreme(values: Floats, period: int, better: np.ufunc) -> Floats:
    found = np.full(len(values), np.nan)
    size = len(values) - period + 1
    if size <= 0:
        return found
    inner = values[:size].copy()
    for start in range(1, period):
        better(inner, values[start : start + size], out=inner)
    found[period - 1 :] = inner
    return found


def smoothing(share: float, seed: int, period: int) -> list[float]:
    """The weights of an exponential average over `period` values, newest first, begun with the mean of the oldest.

    `share` is the newest value's: 2 / (n + 1) makes an EMA of n, 1 / n Wilder's average. `seed`: how many of the oldest
    values make the first average.
    """
    steps = period - seed
    return [share * (1 - share) ** back for back in range(steps)] + [(1 - share) ** steps / seed] * seed


def latch(on: Flags, off: Flags, unknown: Flags) -> Floats:
    """1 from a bar of `on` to the next of `off`, 0 from there to the next of `on`, NaN before either is known.

    `on` wins on the same bar; a bar of `unknown` makes what follows unknown until the next event.
    """
    value = np.where(unknown, np.nan, np.where(on, 1.0, 0.0))
    event = np.where(on | off | unknown, np.arange(len(value)), -1)
    latest = np.maximum.accumulate(event) if len(event) else event
    return np.where(latest < 0, np.nan, value[latest])


def between_levels(value: Floats, *, low: float, low_exit: float, high_exit: float, high: float) -> Floats:
    """Long from `low` or below until `low_exit` or above, short from `high` or above until `high_exit` or below."""
    unknown = np.isnan(value)
    long = latch(value <= low, value >= low_exit, unknown)
    short = latch(value >= high, value <= high_exit, unknown)
    return long - short
