"""Smallest ½x'Px + q'x under Ax = b and Gx ≤ h, by a primal-dual interior-point method. Plain numpy.

Nocedal and Wright, Numerical Optimization, 2006, §16.6, with a fixed centring instead of Mehrotra's predictor: it
never stalls, and for the few dozen variables of a portfolio thirty dense solves are milliseconds.
"""

from __future__ import annotations

import numpy as np

from portfolios.measuring.figures import Floats

TOLERANCE = 1e-11
STEPS = 200
CENTRING = 0.1  # each step aims at a tenth of the gap
BACK_OFF = 0.99  # how much of the way to the boundary a step may go


class DidNotConverge(ArithmeticError):
    """No point fulfils the constraints, or they are too nearly contradictory."""


def minimise(p: Floats, q: Floats, a: Floats, b: Floats, g: Floats, h: Floats) -> Floats:
    """The x. Raises DidNotConverge."""
    size = len(q)
    x, y = np.zeros(size), np.zeros(len(b))
    s, z = np.maximum(h - g @ x, 1.0), np.ones(len(h))
    for _ in range(STEPS):
        dual = p @ x + q + a.T @ y + g.T @ z
        equal, slack = a @ x - b, g @ x + s - h
        gap = float(s @ z) / len(h)
        if max(np.abs(dual).max(), np.abs(equal).max(), np.abs(slack).max(), gap) < TOLERANCE:
            return x
        kkt = np.zeros((size + len(b), size + len(b)))
        kkt[:size, :size] = p + (g.T * (z / s)) @ g
        kkt[:size, size:], kkt[size:, :size] = a.T, a
        dx, dy, ds, dz = _direction(kkt, g, s, z, dual, equal, slack, s * z - CENTRING * gap)
        step = BACK_OFF * _step(s, ds, z, dz)
        x, y, s, z = x + step * dx, y + step * dy, s + step * ds, z + step * dz
    raise DidNotConverge


def _direction(
    kkt: Floats, g: Floats, s: Floats, z: Floats, dual: Floats, equal: Floats, slack: Floats, products: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Newton's step that takes the residuals and the products s·z to zero."""
    right = np.concatenate([-dual - g.T @ ((z * slack - products) / s), -equal])
    try:
        solved = np.linalg.solve(kkt, right)
    except np.linalg.LinAlgError as error:
        raise DidNotConverge from error
    dx, dy = solved[: len(dual)], solved[len(dual) :]
    ds = -slack - g @ dx
    return dx, dy, ds, -(products + z * ds) / s


def _step(s: Floats, ds: Floats, z: Floats, dz: Floats) -> float:
    """How far both stay positive, 1 at most."""
    ahead = np.concatenate([s, z])
    change = np.concatenate([ds, dz])
    falling = change < 0
    return float(min(1.0, np.min(-ahead[falling] / change[falling]))) if falling.any() else 1.0
