"""`pairs`: two symbols that move together; hold the one that has become cheap against the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from automation.strategies.base import Bars, Floats, Parameter, Params
from automation.strategies.reading import read
from automation.strategies.windows import covariance, latch, weighted

# Variances of log prices below this (a deviation of 0.1 millionth of a percent) are what rounding leaves of none.
LEAST = 1e-18


class Pairs:
    """log A = α + β log B by least squares over the window; z is how many deviations A lies off that line now.

    z at -entry or below: A is cheap, long A and short B, until -exit; the other way round at entry. Where β is not
    positive the two do not move together: flat. Gatev, Goetzmann and Rouwenhorst, Pairs Trading (2006), with a rolling
    hedge ratio. An account here never goes short: of a pair only the cheap leg is bought, so it is not market-neutral.
    The short leg's signal of -1 is kept and shown; its target is 0.
    """

    key = "pairs"
    title = "Pairs"
    about = (
        "Of two symbols that move together, holds the one that has become cheap against the other. The account never "
        "goes short: the dear one is left out, so what remains is not hedged against the market."
    )
    least_symbols = 2
    most_symbols = 2
    schema = (
        Parameter(name="window", label="Hedge ratio over, bars", kind="integer", default=60, least=10, most=400),
        Parameter(
            name="entry", label="Enter at, deviations", kind="number", default="2", above=0, most=10,
            help="standard deviations of the spread",
        ),
        Parameter(
            name="exit", label="Leave at, deviations", kind="number", default="0.5", least=0, most=10,
            help="below the entry",
        ),
    )  # fmt: skip

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return read(self.schema, raw, _check)

    def warm_up(self, params: Params) -> int:
        return int(params["window"])

    def generate_signals(self, bars: Mapping[str, Bars], params: Params) -> dict[str, Floats]:
        first, second = bars
        z, beta = spread(bars[first].close, bars[second].close, params["window"])
        entry, leave = float(params["entry"]), float(params["exit"])
        unknown, apart = np.isnan(z), beta <= 0
        long = latch((z <= -entry) & ~apart, (z >= -leave) | apart, unknown)
        short = latch((z >= entry) & ~apart, (z <= leave) | apart, unknown)
        return {first: long - short, second: short - long}

    def sentence(self, params: Params, symbols: Sequence[str]) -> str:
        return (
            f"Of {' and '.join(symbols)}, buy the one that is {params['entry']} standard deviations too cheap against "
            f"the other over {params['window']} bars, and sell it when it is within {params['exit']}"
        )


def spread(first: Floats, second: Floats, window: int) -> tuple[Floats, Floats]:
    """(z, β) at each bar; z is NaN where either price is missing in the window, or the fit leaves no rest."""
    a, b = np.log(first), np.log(second)
    a_variance, b_variance, both = covariance(a, a, window), covariance(b, b, window), covariance(a, b, window)
    beta = both / np.where(b_variance > LEAST, b_variance, np.nan)
    ones = [1.0] * window
    rest = (a - weighted(a, ones) / window) - beta * (b - weighted(b, ones) / window)
    variance = a_variance - beta * both
    deviation = np.sqrt(np.where(variance > LEAST, variance, np.nan))
    return rest / deviation, beta


def _check(params: Mapping[str, Any]) -> dict[str, str]:
    if float(params["exit"]) >= float(params["entry"]):
        return {"exit": f"{params['exit']} is too much: it must be below entry ({params['entry']})"}
    return {}


PAIRS = Pairs()
