"""Does a strategy see the future? Its signals are made again from less history and must be the same. Plain numpy.

A signal of bar i that changes when the bars after i are taken away was made with them: its backtest is worth nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automation.backtest.strategy_run import Plan
from automation.replay.bars import moment
from automation.strategies.base import Bars
from common.errors import InvalidInput

PARTS = (0.5, 0.8)  # of all bars: where they are cut off
MOST_BARS = 3_000_000  # symbols by moments; larger markets are cut off once


def probe(plan: Plan, columns: Mapping[str, Bars]) -> dict[str, Any]:
    """How many signals were made again. Raises InvalidInput naming the symbol and the bar that differs."""
    whole = plan.strategy.generate_signals(columns, plan.params)
    axis = next(iter(columns.values())).at
    parts = PARTS if len(axis) * len(columns) <= MOST_BARS else PARTS[-1:]
    compared = 0
    for end in sorted({max(int(len(axis) * part), 1) for part in parts}):
        cut = {symbol: bars.until(end) for symbol, bars in columns.items()}
        for symbol, signal in plan.strategy.generate_signals(cut, plan.params).items():
            same = (signal == whole[symbol][:end]) | (np.isnan(signal) & np.isnan(whole[symbol][:end]))
            compared += end
            if not same.all():
                at = moment(axis[np.flatnonzero(~same)[0]])
                raise InvalidInput(
                    {
                        "strategy_type": f"{plan.strategy.key} looks into the future: its signal of {symbol} at"
                        f" {at:%Y-%m-%d %H:%M} UTC changes with the bars after it, so a backtest says nothing"
                    }
                )
    return {"compared": compared, "differences": 0}
