"""`mean_reversion`: buy what lies far below its average, until it is back. Bollinger's bands are the same rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automation.strategies.base import Bars, Floats, Parameter, Params
from automation.strategies.reading import read
from automation.strategies.windows import between_levels, deviation, mean


class MeanReversion:
    """z = (close - average) / standard deviation: long from -entry until -exit, short from entry until exit.

    z of -2 is Bollinger's lower band (Bollinger on Bollinger Bands, 2001: simple average, population deviation), z of 0
    his middle one. Prices that do not move at all have no z: unknown.
    """

    key = "mean_reversion"
    title = "Mean reversion"
    about = "Buys what has fallen far below its average (a z-score, as Bollinger's bands) and sells when it is back."
    least_symbols = 1
    most_symbols = None
    schema = (
        Parameter(name="period", label="Average of, bars", kind="integer", default=20, least=2, most=400),
        Parameter(
            name="entry", label="Enter at, deviations", kind="number", default="2", above=0, most=10,
            help="standard deviations from the average; 2 is Bollinger's band",
        ),
        Parameter(
            name="exit", label="Leave at, deviations", kind="number", default="0", least=0, most=10,
            help="below the entry; 0 is the average itself",
        ),
    )  # fmt: skip

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return read(self.schema, raw, _check)

    def warm_up(self, params: Params) -> int:
        return int(params["period"])

    def generate_signals(self, bars: Mapping[str, Bars], params: Params) -> dict[str, Floats]:
        entry, leave = float(params["entry"]), float(params["exit"])
        return {
            symbol: between_levels(
                z_score(column.close, params["period"]), low=-entry, low_exit=-leave, high_exit=leave, high=entry
            )
            for symbol, column in bars.items()
        }

    def sentence(self, params: Params, symbols: Sequence[str]) -> str:
        return (
            f"Buy each of {', '.join(symbols)} when it is {params['entry']} standard deviations below its average of "
            f"{params['period']} bars, and sell when it is back within {params['exit']}"
        )


def z_score(close: Floats, period: int) -> Floats:
    """How many standard deviations the close is away from its average; NaN where the prices did not move."""
    spread = deviation(close, period)
    # What rounding leaves of equal prices is no spread.
    return (close - mean(close, period)) / np.where(spread > close * 1e-10, spread, np.nan)


def _check(params: Mapping[str, Any]) -> dict[str, str]:
    if float(params["exit"]) >= float(params["entry"]):
        return {"exit": f"{params['exit']} is too much: it must be below entry ({params['entry']})"}
    return {}


MEAN_REVERSION = MeanReversion()
