"""Annual moments from daily returns. Plain numpy.

The covariance is shrunk towards equal variances without correlation (Ledoit and Wolf, A well-conditioned estimator for
large-dimensional covariance matrices, 2004, as in scikit-learn); expected returns are the arithmetic mean.
"""

from __future__ import annotations

import numpy as np

from portfolios.measuring.figures import YEAR, Floats


def expected_returns(returns: Floats) -> Floats:
    """Mean daily return of each row times 252: what one year added on average, not compounded."""
    return np.asarray(returns.mean(axis=1) * YEAR, dtype=np.float64)


def shrunk_covariance(returns: Floats) -> tuple[Floats, float]:
    """(annual covariance of the rows, shrinkage from 0 to 1)."""
    centred = returns - returns.mean(axis=1, keepdims=True)
    assets, days = centred.shape
    sample = centred @ centred.T / days
    target = np.trace(sample) / assets * np.eye(assets)
    distance = float(((sample - target) ** 2).sum())
    squares = centred**2
    noise = float((squares @ squares.T).sum() / days - (sample**2).sum()) / days
    shrinkage = min(max(noise, 0.0) / distance, 1.0) if distance > 0 else 0.0
    return np.asarray(((1 - shrinkage) * sample + shrinkage * target) * YEAR, dtype=np.float64), shrinkage
