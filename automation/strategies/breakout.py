"""`breakout`: buy a new high, sell a new low. Donchian's channel, as the Turtles traded it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automation.strategies.base import Bars, Floats, Parameter, Params
from automation.strategies.reading import read
from automation.strategies.windows import before, highest, latch, lowest


class Breakout:
    """Long from a close above the highest high of the `entry` bars before, until one below the lowest low of `exit`.

    Short the other way round. The bar itself is not part of its channel. Faith, Way of the Turtle (2007): 20 and 10, or
    55 and 20.
    """

    key = "breakout"
    title = "Breakout"
    about = "Buys a close above the highest price of so many bars and sells one below the lowest (Donchian's channel)."
    least_symbols = 1
    most_symbols = None
    schema = (
        Parameter(name="entry", label="Channel to enter, bars", kind="integer", default=20, least=2, most=400),
        Parameter(
            name="exit", label="Channel to leave, bars", kind="integer", default=10, least=1, most=400,
            help="at most that of the entry",
        ),
    )  # fmt: skip

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return read(self.schema, raw, _check)

    def warm_up(self, params: Params) -> int:
        return int(params["entry"]) + 1

    def generate_signals(self, bars: Mapping[str, Bars], params: Params) -> dict[str, Floats]:
        return {symbol: _signal(column, params["entry"], params["exit"]) for symbol, column in bars.items()}

    def sentence(self, params: Params, symbols: Sequence[str]) -> str:
        return (
            f"Buy each of {', '.join(symbols)} at a close above its highest price of {params['entry']} bars, and sell "
            f"at one below its lowest of {params['exit']}"
        )


def _signal(bars: Bars, entry: int, leave: int) -> Floats:
    close = bars.close
    top, bottom = before(highest(bars.high, entry), 1), before(lowest(bars.low, entry), 1)
    unknown = np.isnan(close) | np.isnan(top) | np.isnan(bottom)
    up, down = close > top, close < bottom
    long = latch(up, (close < before(lowest(bars.low, leave), 1)) | down, unknown)
    short = latch(down, (close > before(highest(bars.high, leave), 1)) | up, unknown)
    return long - short


def _check(params: Mapping[str, Any]) -> dict[str, str]:
    if params["exit"] > params["entry"]:
        return {"exit": f"{params['exit']} is too long: it must be at most entry ({params['entry']})"}
    return {}


BREAKOUT = Breakout()
