"""What an optimiser is given and what it says. Plain Python and numpy."""

from __future__ import annotations

from dataclasses import dataclass

from portfolios.measuring.figures import Floats


class NoSolution(Exception):
    """The wish cannot be met; the message says why and what to change. `field` is what was asked for."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Weights between `low` and `high`, summing to 1, for assets of these annual moments. One entry an asset."""

    expected: Floats  # annual returns, 0.08 is 8 %
    covariance: Floats  # annual
    low: Floats
    high: Floats
    risk_free: float = 0.0  # annual
    target_return: float | None = None

    def __len__(self) -> int:
        return len(self.expected)
