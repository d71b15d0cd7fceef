"""`ma_cross`: hold what trends upwards, by two moving averages. The averages are those of the trigger `ma_cross`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automation.averages import bars_needed
from automation.strategies.base import Bars, Floats, Parameter, Params
from automation.strategies.reading import read
from automation.strategies.windows import mean, smoothing, weighted


class MovingAverageCross:
    """Long while the short average is above the long one, short while it is below, flat where they are equal."""

    key = "ma_cross"
    title = "Moving-average cross"
    about = "Holds a symbol while its short moving average is above the long one."
    least_symbols = 1
    most_symbols = None
    schema = (
        Parameter(name="short", label="Short average, bars", kind="integer", default=50, least=1, most=399),
        Parameter(name="long", label="Long average, bars", kind="integer", default=200, least=2, most=400),
        Parameter(name="kind", label="Kind", kind="choice", default="sma", choices=("sma", "ema")),
    )

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return read(self.schema, raw, _check)

    def warm_up(self, params: Params) -> int:
        return bars_needed(params["kind"], params["long"])

    def generate_signals(self, bars: Mapping[str, Bars], params: Params) -> dict[str, Floats]:
        needed = self.warm_up(params)
        return {
            symbol: np.sign(
                average(column.close, params["kind"], params["short"], needed)
                - average(column.close, params["kind"], params["long"], needed)
            )
            for symbol, column in bars.items()
        }

    def sentence(self, params: Params, symbols: Sequence[str]) -> str:
        return (
            f"Hold each of {', '.join(symbols)} while its {params['short']}-bar {params['kind'].upper()} is above "
            f"its {params['long']}-bar one"
        )


def average(close: Floats, kind: str, period: int, needed: int) -> Floats:
    """The average at each bar, to 9 places. An EMA is one over the last `needed` closes, seeded with their first SMA.

    Without a window its value would depend, by a little, on where the stored history begins.
    """
    if kind == "sma":
        return mean(close, period)
    return np.round(weighted(close, smoothing(2 / (period + 1), period, needed)), 9)


def _check(params: Mapping[str, Any]) -> dict[str, str]:
    if params["short"] >= params["long"]:
        return {"short": f"{params['short']} is too long: it must be below long ({params['long']})"}
    return {}


MA_CROSS = MovingAverageCross()
