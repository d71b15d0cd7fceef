"""The figures backtests are read by: their names, labels and meanings."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

# (name, label, how it is shown, what it means)
FIGURES = [
    ("net_result", "Result", "money", "in dollars, after costs"),
    ("return_percent", "Return", "percent", "over the whole period"),
    ("cagr_percent", "Return a year", "percent", "compounded; from a year on"),
    ("volatility_percent", "Volatility", "plain_percent", "how much it swings in a year"),
    ("sharpe", "Sharpe", "ratio", "return per swing"),
    ("sortino", "Sortino", "ratio", "return per swing downwards"),
    ("calmar", "Calmar", "ratio", "return a year per deepest fall"),
    ("max_drawdown_percent", "Deepest fall", "plain_percent", "from a high to the low after it"),
    ("exposure_percent", "Invested", "plain_percent", "of the equity, on average"),
    ("turnover_per_year", "Turnover a year", "times", "half of bought and sold, over the equity"),
    ("trades", "Trades", "count", ""),
    ("win_rate_percent", "Sales that gained", "plain_percent", "after costs"),
    ("costs", "Costs", "dollars", "fees and slippage"),
    ("denied", "Denied by safety limits", "count", ""),
]


def decimal(value: Any) -> Decimal | None:
    """A figure as Decimal; None for what is not known."""
    if value is None or isinstance(value, bool):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
