"""A figure, or why there is none. Plain Python."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
YEAR = 252  # sessions in a year, for volatility and ratios
DAYS = 365  # calendar days in a year, for growth rates (as XIRR counts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """`value` is None if and only if `reason` says what is missing."""

    value: float | None
    reason: str = ""


def known(value: float) -> Figure:
    """A figure with this value; one that is not a number is none."""
    if not math.isfinite(value):
        return unknown("The numbers are too extreme to divide.")
    return Figure(value=float(value))


def unknown(reason: str) -> Figure:
    """No figure, and why."""
    return Figure(value=None, reason=reason)


def enough(returns: Floats, least: int, what: str = "daily returns") -> str:
    """Empty if there are at least `least` observations, else the sentence that says so."""
    if len(returns) >= least:
        return ""
    return f"{least} {what} are needed; there {'is' if len(returns) == 1 else 'are'} {len(returns)}."
