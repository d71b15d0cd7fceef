"""Weights within bounds, and weights as decimals that sum to exactly 1. Plain Python and numpy."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from portfolios.measuring.figures import Floats

PLACES = Decimal("0.0001")  # a weight is a whole number of basis points
UNITS = 10_000
HALVINGS = 100


def within(weights: Floats, low: Floats, high: Floats) -> Floats:
    """In proportion to `weights` (above 0) as far as the bounds allow: clip(c × weight), with the c that sums to 1."""
    least, most = 0.0, float(np.max(high / weights)) + 1.0
    for _ in range(HALVINGS):
        factor = (least + most) / 2
        if np.clip(factor * weights, low, high).sum() < 1:
            least = factor
        else:
            most = factor
    return np.asarray(np.clip(most * weights, low, high), dtype=np.float64)


def rounded(weights: Floats, low: Sequence[Decimal], high: Sequence[Decimal]) -> list[Decimal]:
    """Weights of four places that sum to exactly 1 within the bounds (largest remainder).

    The bounds have four places at most, and sums at or below and at or above 1.
    """
    least = [int(bound * UNITS) for bound in low]
    most = [int(bound * UNITS) for bound in high]
    exact = [float(weight) * UNITS for weight in weights]
    units = [min(max(int(value), floor), cap) for value, floor, cap in zip(exact, least, most, strict=True)]
    while (missing := UNITS - sum(units)) != 0:
        step = 1 if missing > 0 else -1
        room = [i for i in range(len(units)) if (units[i] < most[i] if step > 0 else units[i] > least[i])]
        # Whoever lost most by rounding gains first, and the other way round.
        units[max(room, key=lambda i: step * (exact[i] - units[i]))] += step
    return [(Decimal(unit) / UNITS).quantize(PLACES) for unit in units]
