"""Falls from a high: how deep, from when to when, and how long until the high was back. Plain numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from portfolios.measuring.figures import Floats


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawdown:
    """`depth` 0.2 is 20 % below the high of `peak`; `recovered` is None while it lasts. Days are calendar days."""

    depth: float
    peak: date
    trough: date
    recovered: date | None
    days: int  # from the peak to the recovery, or to the last date


def underwater(index: Floats) -> Floats:
    """How far each entry is below the highest so far: 0 at a high, −0.2 when 20 % are missing. The base is 1."""
    highest = np.maximum(np.maximum.accumulate(index), 1.0)
    return np.asarray(index / highest - 1.0, dtype=np.float64)


def drawdowns(dates: Sequence[date], index: Floats) -> list[Drawdown]:
    """Every fall from a high to the return to it, the deepest first."""
    found: list[Drawdown] = []
    below = underwater(index)
    start = 0
    while start < len(below):
        if below[start] >= 0:
            start += 1
            continue
        back = np.flatnonzero(below[start:] >= 0)
        end = start + int(back[0]) if len(back) else len(below)
        trough = start + int(np.argmin(below[start:end]))
        peak = max(start - 1, 0)
        until = dates[end] if end < len(below) else dates[-1]
        found.append(
            Drawdown(
                depth=-float(below[trough]),
                peak=dates[peak],
                trough=dates[trough],
                recovered=dates[end] if end < len(below) else None,
                days=(until - dates[peak]).days,
            )
        )
        start = end
    return sorted(found, key=lambda one: -one.depth)


def deepest(dates: Sequence[date], index: Floats) -> Drawdown | None:
    """The deepest fall; None if there was none."""
    found = drawdowns(dates, index)
    return found[0] if found else None
