"""From a signal to a target position: which fraction of the equity a symbol shall be. Plain Python and numpy.

A position is sized when its signal changes and then left alone until the signal changes again: a size that followed
every bar's volatility would trade every day for nothing. The formulas are those of `portfolios.sizing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from automation.strategies.base import Bars, Floats, Parameter, Params
from automation.strategies.reading import read
from automation.strategies.windows import before
from automation.triggers.base import BadParams
from automation.triggers.reading import shown
from common.money import HUNDRED
from portfolios.sizing import Account, atr_distance, fixed_fractional, kelly, percent_risk, volatility_target

UNKNOWN = float("nan")
YEAR = 252  # trading days
BOOK = Decimal(10) ** 9  # dollars; fractions do not depend on it, but a share must be small beside it

CAP = Parameter(
    name="cap", label="At most, % of the equity", kind="percent", default="10", above=0, most=100,
    help="no position is made larger than this",
)  # fmt: skip
# Defaults stay below 5 %, from where the gate asks for approval unless told otherwise.
SIZINGS: dict[str, tuple[Parameter, ...]] = {
    "fixed_fraction": (
        Parameter(
            name="fraction", label="Of the equity, %", kind="percent", default="4", above=0, most=100,
            help="of the portfolio's equity, at a signal of 1",
        ),
    ),
    "percent_risk": (
        Parameter(
            name="risk", label="Equity at risk, %", kind="percent", default="0.5", above=0, most=20,
            help="what is lost when the price falls by the average true ranges below",
        ),
        Parameter(name="multiple", label="Average true ranges", kind="number", default="2", above=0, most=20),
        Parameter(name="period", label="Average of, bars", kind="integer", default=14, least=2, most=200),
        CAP,
    ),
    "volatility_target": (
        Parameter(
            name="target", label="Volatility a year, %", kind="percent", default="1", above=0, most=100,
            help="of the equity, by this one position",
        ),
        Parameter(name="window", label="Measured over, bars", kind="integer", default=63, least=5, most=400),
        CAP,
    ),
    "kelly": (
        Parameter(name="multiplier", label="Part of Kelly's fraction", kind="number", default="0.5", above=0, most=1),
        Parameter(
            name="window", label="Measured over, bars", kind="integer", default=252, least=30, most=1000,
            help="rising and falling bars of the symbol: how many, and how far on average",
        ),
        CAP,
    ),
}  # fmt: skip
DEFAULT = {"kind": "fixed_fraction", "fraction": "4"}


def parse_sizing(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Check and normalise `{"kind": ..., its parameters}`. Raises BadParams naming every key, value and fix."""
    if not isinstance(raw, Mapping):
        raise BadParams(
            {"": f'must be an object such as {{"kind": "fixed_fraction", "fraction": "4"}}, not {shown(raw)}'}
        )
    given = dict(raw)
    kind = given.pop("kind", DEFAULT["kind"])
    if not isinstance(kind, str) or kind not in SIZINGS:
        raise BadParams({"kind": f"{shown(kind)} is not a way of sizing: use {' or '.join(SIZINGS)}"})
    return {"kind": kind, **read(SIZINGS[kind], given, what="a parameter of this way of sizing")}


def bars_needed(sizing: Params) -> int:
    """How many bars a size needs."""
    longest = {"percent_risk": "period", "volatility_target": "window", "kelly": "window"}.get(sizing["kind"])
    return int(sizing[longest]) + 1 if longest else 1


def fraction_at(signal: float, bars: Bars, index: int, sizing: Params) -> float:
    """The target of one symbol at bar `index`, as a fraction of the equity from 0 to 1; NaN: unknown.

    Uses bars up to `index` only. Below 0 a signal means flat, because the account never goes short. A signal between 0
    and 1 takes that part of the size.
    """
    if np.isnan(signal):
        return UNKNOWN
    if signal <= 0:
        return 0.0
    whole = _whole(bars.between(max(index + 1 - bars_needed(sizing), 0), index + 1), sizing)
    return UNKNOWN if whole is None else float(whole) * float(signal)


def target_fractions(signals: Mapping[str, Floats], bars: Mapping[str, Bars], sizing: Params) -> dict[str, Floats]:
    """The target of every symbol at every bar: sized where its signal changes, kept between; NaN where unknown."""
    return {symbol: _targets(signal, bars[symbol], sizing) for symbol, signal in signals.items()}


def _targets(signal: Floats, bars: Bars, sizing: Params) -> Floats:
    targets = np.full(len(signal), np.nan)
    last, target = UNKNOWN, UNKNOWN
    for index in np.flatnonzero(~np.isnan(signal)):
        if signal[index] != last:
            sized = fraction_at(float(signal[index]), bars, int(index), sizing)
            if np.isnan(sized):  # a size that is not known yet is asked for again at the next bar
                continue
            last, target = signal[index], sized
        targets[index] = target
    return targets


def _whole(recent: Bars, sizing: Params) -> Decimal | None:
    """The size at a signal of 1, from the newest bars; None: a bar is missing among them, or none of them moved."""
    if len(recent) < bars_needed(sizing) or np.isnan(recent.close).any():
        return None
    cap = Decimal(sizing.get("cap", "100")) / HUNDRED
    account = Account(equity=BOOK, price=_exact(recent.close[-1]), max_fraction=cap)
    if sizing["kind"] == "fixed_fraction":
        return fixed_fractional(account, fraction=Decimal(sizing["fraction"]) / HUNDRED).fraction
    if sizing["kind"] == "percent_risk":
        reach = _true_range(recent)
        if reach <= 0:
            return None
        distance = atr_distance(atr=_exact(reach), multiple=Decimal(sizing["multiple"]))
        return percent_risk(account, risk_fraction=Decimal(sizing["risk"]) / HUNDRED, risk_per_share=distance).fraction
    moves = (recent.close / before(recent.close, 1) - 1)[1:]
    if sizing["kind"] == "volatility_target":
        volatility = float(np.std(moves, ddof=1)) * YEAR**0.5
        if volatility <= 1e-9:  # what rounding leaves of none
            return None
        target = Decimal(sizing["target"]) / HUNDRED
        return volatility_target(account, target=target, volatility=_exact(volatility)).fraction
    return _kelly(account, moves, Decimal(sizing["multiplier"]), cap)


def _kelly(account: Account, moves: Floats, multiplier: Decimal, cap: Decimal) -> Decimal | None:
    """Wins are bars that rose, losses bars that fell."""
    won, lost = moves[moves > 0], moves[moves < 0]
    if not len(lost):
        return None if not len(won) else min(cap, multiplier)
    if not len(won):
        return Decimal(0)
    rate = Decimal(len(won)) / Decimal(len(won) + len(lost))
    ratio = _exact(won.mean() / -lost.mean())
    return kelly(account, win_rate=rate, win_loss_ratio=ratio, multiplier=multiplier, cap=cap).fraction


def _true_range(bars: Bars) -> float:
    """The plain average of the true ranges (Wilder, New Concepts, 1978), over all bars but the first."""
    previous = before(bars.close, 1)
    ranges = np.maximum(bars.high, previous) - np.minimum(bars.low, previous)
    return float(np.mean(ranges[1:]))


def _exact(value: Any) -> Decimal:
    return Decimal(repr(float(value)))
