"""From a signal to a target position: which fraction of the equity a symbol shall be. Plain Python and numpy.

A position is sized when its signal changes and then left alone until the signal changes again: a size that followed
every bar's volatility would trade every day for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automation.strategies.base import Bars, Floats, Parameter, Params
from automation.strategies.reading import read
from automation.triggers.base import BadParams
from automation.triggers.reading import shown

FRACTION = Parameter(
    name="fraction", label="Of the equity, %", kind="percent", default="10", above=0, most=100,
    help="of the portfolio's equity, at a signal of 1",
)  # fmt: skip
SIZINGS: dict[str, tuple[Parameter, ...]] = {"fixed_fraction": (FRACTION,)}
DEFAULT = {"kind": "fixed_fraction", "fraction": "10"}


def parse_sizing(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Check and normalise `{"kind": ..., its parameters}`. Raises BadParams naming every key, value and fix."""
    given = dict(raw)
    kind = given.pop("kind", DEFAULT["kind"])
    if not isinstance(kind, str) or kind not in SIZINGS:
        raise BadParams({"kind": f"{shown(kind)} is not a way of sizing: use {' or '.join(SIZINGS)}"})
    return {"kind": kind, **read(SIZINGS[kind], given, what="a parameter of this way of sizing")}


def fraction_at(signal: float, bars: Bars, index: int, sizing: Params) -> float:
    """The target of one symbol at bar `index`, as a fraction of the equity from 0 to 1; NaN: unknown.

    Uses bars up to `index` only. Below 0 a signal means flat, because the account never goes short.
    """
    if np.isnan(signal):
        return float("nan")
    return max(float(signal), 0.0) * float(sizing["fraction"]) / 100


def target_fractions(signals: Mapping[str, Floats], bars: Mapping[str, Bars], sizing: Params) -> dict[str, Floats]:
    """The target of every symbol at every bar: sized where its signal changes, kept between; NaN where unknown."""
    return {symbol: _targets(signal, bars[symbol], sizing) for symbol, signal in signals.items()}


def _targets(signal: Floats, bars: Bars, sizing: Params) -> Floats:
    targets = np.full(len(signal), np.nan)
    last, target = np.nan, np.nan
    for index in np.flatnonzero(~np.isnan(signal)):
        if signal[index] != last:
            last, target = signal[index], fraction_at(float(signal[index]), bars, int(index), sizing)
        targets[index] = target
    return targets
