"""Money-weighted return: the one rate at which what was paid in grew to what came out. Plain numpy.

XIRR: Σ amount / (1 + rate)^(days / 365) = 0, as spreadsheets define it. Flows that change direction more than once can
have several such rates, or none (Descartes' rule of signs); then no rate is given, and it is said why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from portfolios.measuring.figures import DAYS, Figure, Floats, known, unknown

# Natural logs of 1 + rate that are tried, dense around 0: doubling in a day is 253, and beyond 700 floats end.
GRID = np.sinh(np.linspace(-np.arcsinh(700.0), np.arcsinh(700.0), 4001))
HALVINGS = 100


def net_present_value(rate: float, flows: Sequence[tuple[date, float]]) -> float:
    """Dollars today of `flows` at an annual `rate` (0.05 is 5 %), counted from the first date in 365 days a year."""
    years, amounts = _columns(flows)
    return float(np.sum(amounts * (1.0 + rate) ** -years))


def xirr(flows: Sequence[tuple[date, float]]) -> Figure:
    """The annual rate at which `flows` (− paid in, + taken out or still there) are worth nothing at the first date."""
    flows = sorted((day, amount) for day, amount in flows if amount)
    if not flows or flows[0][0] == flows[-1][0]:
        return unknown("All money moved on one day: a rate needs time.")
    if min(amount for _, amount in flows) >= 0 or max(amount for _, amount in flows) <= 0:
        return unknown("Money moved in one direction only, so no rate balances it.")
    years, amounts = _columns(flows)
    amounts = amounts / np.abs(amounts).max()
    signs = np.sign(_worth(GRID, years, amounts))
    turns = np.flatnonzero(signs[1:] * signs[:-1] < 0)
    exact = np.flatnonzero(signs == 0)
    if len(turns) + len(exact) == 0:
        return unknown("No rate balances what was paid in and taken out.")
    if len(turns) + len(exact) > 1:
        return unknown("Several rates balance what was paid in and taken out, so none of them is the return.")
    if len(exact):
        return known(float(np.expm1(GRID[exact[0]])))
    return known(float(np.expm1(_halve(GRID[turns[0]], GRID[turns[0] + 1], years, amounts))))


def over_period(rate: Figure, days: int) -> Figure:
    """An annual rate as the return of `days` days: (1 + rate)^(days / 365) − 1."""
    if rate.value is None:
        return rate
    return known((1.0 + rate.value) ** (days / DAYS) - 1.0)


def _worth(logs: Floats, years: Floats, amounts: Floats) -> Floats:
    """Present value at each rate, scaled so that neither very low nor very high rates overflow: signs are kept."""
    powers = -np.outer(logs, years)
    powers -= powers.max(axis=1, keepdims=True)
    return np.asarray(np.exp(powers) @ amounts, dtype=np.float64)


def _halve(low: float, high: float, years: Floats, amounts: Floats) -> float:
    sign = float(_worth(np.array([low]), years, amounts)[0])
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if float(_worth(np.array([middle]), years, amounts)[0]) * sign > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _columns(flows: Sequence[tuple[date, float]]) -> tuple[Floats, Floats]:
    first = min(day for day, _ in flows)
    years = np.array([(day - first).days / DAYS for day, _ in flows])
    return years, np.array([amount for _, amount in flows], dtype=np.float64)
