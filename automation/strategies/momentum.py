"""`momentum`: hold what has risen. The return over a look-back, without its newest bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automation.strategies.base import Bars, Floats, Parameter, Params
from automation.strategies.reading import read
from automation.strategies.windows import before, complete


class Momentum:
    """Long while close[skip bars ago] / close[lookback bars ago] - 1 is above the threshold, short below its negative.

    Leaving out the newest bars keeps short-term reversal out (Jegadeesh and Titman 1993; "12-1" is 252 and 21 bars).
    """

    key = "momentum"
    title = "Momentum"
    about = "Holds what has risen over the look-back period, leaving out its newest bars."
    least_symbols = 1
    most_symbols = None
    schema = (
        Parameter(name="lookback", label="Look-back, bars", kind="integer", default=126, least=2, most=1000),
        Parameter(
            name="skip", label="Leave out the newest, bars", kind="integer", default=0, least=0, most=250,
            help="below the look-back",
        ),
        Parameter(name="threshold", label="Rise of at least, %", kind="percent", default="0", least=0, most=1000),
    )  # fmt: skip

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return read(self.schema, raw, _check)

    def warm_up(self, params: Params) -> int:
        return int(params["lookback"]) + 1

    def generate_signals(self, bars: Mapping[str, Bars], params: Params) -> dict[str, Floats]:
        threshold = float(params["threshold"]) / 100
        signals = {}
        for symbol, column in bars.items():
            rise = returns(column.close, params["lookback"], params["skip"])
            signal = (rise > threshold).astype(np.float64) - (rise < -threshold)
            signals[symbol] = np.where(complete(column.close, self.warm_up(params)), signal, np.nan)
        return signals

    def sentence(self, params: Params, symbols: Sequence[str]) -> str:
        skip = f", the newest {params['skip']} left out," if params["skip"] else ""
        return (
            f"Hold each of {', '.join(symbols)} while its return over {params['lookback']} bars{skip} "
            f"is above {params['threshold']} %"
        )


def returns(close: Floats, lookback: int, skip: int) -> Floats:
    """close[i - skip] / close[i - lookback] - 1 for each bar i; NaN where one of them is missing."""
    return before(close, skip) / before(close, lookback) - 1


def _check(params: Mapping[str, Any]) -> dict[str, str]:
    if params["skip"] >= params["lookback"]:
        return {"skip": f"{params['skip']} is too many: it must be below lookback ({params['lookback']})"}
    return {}


MOMENTUM = Momentum()
