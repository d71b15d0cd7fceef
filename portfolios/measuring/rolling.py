"""Figures over a window that moves along an account's days: how they changed, not only what they came to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from portfolios.measuring.figures import YEAR, Floats
from portfolios.measuring.returns import Daily

WINDOW = 21  # sessions: a month


@dataclass(frozen=True, kw_only=True, slots=True)
class Rolled:
    """The window that ends on `day`: its return, and its volatility a year; shares (0.1 is 10 %)."""

    day: date
    gained: float
    volatility: float


def rolled(daily: Daily, window: int = WINDOW) -> list[Rolled]:
    """One entry for each day that has a whole window of daily returns behind it."""
    returns = daily.returns
    if len(returns) < window:
        return []
    windows: Floats = np.lib.stride_tricks.sliding_window_view(returns, window)
    gained = np.prod(1.0 + windows, axis=1) - 1.0
    spread = np.std(windows, axis=1, ddof=1) * np.sqrt(YEAR)
    days = daily.dates[window:]
    return [
        Rolled(day=day, gained=float(made), volatility=float(strays))
        for day, made, strays in zip(days, gained, spread, strict=True)
    ]
