"""`rsi`: buy what is oversold, until it is not. Wilder's index, as the triggers `rsi_above` and `rsi_below` take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automation.rsi import bars_needed
from automation.strategies.base import Bars, Floats, Parameter, Params
from automation.strategies.reading import read
from automation.strategies.windows import before, between_levels, smoothing, weighted


class Rsi:
    """Long from an RSI at `oversold` until `exit`, short from `overbought` until `exit`."""

    key = "rsi"
    title = "RSI"
    about = "Buys a symbol that is oversold by Wilder's relative strength index and sells when it has recovered."
    least_symbols = 1
    most_symbols = None
    schema = (
        Parameter(name="period", label="Period, bars", kind="integer", default=14, least=2, most=100),
        Parameter(name="oversold", label="Enter at or below", kind="number", default="30", above=0, most=99),
        Parameter(
            name="exit", label="Leave at", kind="number", default="50", above=0, most=99,
            help="between oversold and overbought",
        ),
        Parameter(name="overbought", label="Overbought at or above", kind="number", default="70", above=0, most=100),
    )  # fmt: skip

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return read(self.schema, raw, _check)

    def warm_up(self, params: Params) -> int:
        return bars_needed(params["period"])

    def generate_signals(self, bars: Mapping[str, Bars], params: Params) -> dict[str, Floats]:
        low, middle, high = (float(params[name]) for name in ("oversold", "exit", "overbought"))
        return {
            symbol: between_levels(
                strength(column.close, params["period"]), low=low, low_exit=middle, high_exit=middle, high=high
            )
            for symbol, column in bars.items()
        }

    def sentence(self, params: Params, symbols: Sequence[str]) -> str:
        return (
            f"Buy each of {', '.join(symbols)} when its RSI of {params['period']} bars is at or below "
            f"{params['oversold']}, and sell when it is back at {params['exit']}"
        )


def strength(close: Floats, period: int) -> Floats:
    """The RSI (0 to 100) over the last `bars_needed` closes at each bar; NaN where none of them moved."""
    change = close - before(close, 1)
    weights = smoothing(1 / period, period, bars_needed(period) - 1)
    gain = weighted(np.where(change < 0, 0.0, change), weights)
    loss = weighted(np.where(change > 0, 0.0, -change), weights)
    moved = gain + loss
    return np.round(100 * gain / np.where(moved > 0, moved, np.nan), 9)


def _check(params: Mapping[str, Any]) -> dict[str, str]:
    low, middle, high = (float(params[name]) for name in ("oversold", "exit", "overbought"))
    if low < middle < high:
        return {}
    return {"exit": f"{params['exit']} must lie between oversold ({params['oversold']}) and overbought "
            f"({params['overbought']})"}  # fmt: skip


RSI = Rsi()
