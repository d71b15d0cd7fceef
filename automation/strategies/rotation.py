"""`rotation`: hold the strongest few of many, each with the same risk, and choose again now and then."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from automation.strategies.base import Bars, Floats, Parameter, Params, Seconds
from automation.strategies.momentum import returns
from automation.strategies.reading import read
from automation.strategies.windows import before, complete, deviation


class Rotation:
    """At the first bar of each week or month, the `top` symbols by momentum, weighted by 1 / volatility.

    A signal is a weight from 0 to 1; all of them together are 1, or less by `top` when fewer than that have risen.
    Between two choices a weight stays. Volatility is the standard deviation of daily returns; weights of
    its inverse are equal risk as long as correlations are alike (Maillard, Roncalli and Teïletche 2010). A symbol with
    a missing bar in its window is unknown and not chosen.
    """

    key = "rotation"
    title = "Rotation"
    about = "Holds the strongest few of many symbols, each with the same risk, and chooses again every week or month."
    least_symbols = 2
    most_symbols = None
    schema = (
        Parameter(name="lookback", label="Momentum over, bars", kind="integer", default=126, least=2, most=1000),
        Parameter(name="skip", label="Leave out the newest, bars", kind="integer", default=0, least=0, most=250),
        Parameter(name="top", label="How many to hold", kind="integer", default=3, least=1, most=100),
        Parameter(name="volatility", label="Volatility over, bars", kind="integer", default=63, least=5, most=400),
        Parameter(
            name="rebalance", label="Choose again", kind="choice", default="monthly",
            choices=("daily", "weekly", "monthly"),
        ),
        Parameter(
            name="risen_only", label="Only what has risen", kind="flag", default=True,
            help="what has fallen is not held even if it is among the strongest",
        ),
    )  # fmt: skip

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return read(self.schema, raw, _check)

    def warm_up(self, params: Params) -> int:
        return int(max(params["lookback"], params["volatility"])) + 1

    def generate_signals(self, bars: Mapping[str, Bars], params: Params) -> dict[str, Floats]:
        columns = list(bars.values())
        rise = np.array([_rise(column.close, params["lookback"], params["skip"]) for column in columns])
        risk = np.array([_risk(column.close, params["volatility"]) for column in columns])
        close = np.array([column.close for column in columns])
        weights = np.full(rise.shape, np.nan)
        current = np.full(len(columns), np.nan)
        chosen = begins(columns[0].at, params["rebalance"])
        for index in range(rise.shape[1]):
            if chosen[index]:
                current = _choose(rise[:, index], risk[:, index], params["top"], params["risen_only"])
            weights[:, index] = current
        weights[np.isnan(close)] = np.nan
        return dict(zip(bars, weights, strict=True))

    def sentence(self, params: Params, symbols: Sequence[str]) -> str:
        risen = " that have risen" if params["risen_only"] else ""
        return (
            f"Hold the {params['top']} strongest of {', '.join(symbols)}{risen} over {params['lookback']} bars, "
            f"with equal risk, and choose again {params['rebalance']}"
        )


def begins(at: Seconds, period: str) -> np.ndarray:
    """Which bars are the first of a new day, week or month. Of the very first bar nobody knows."""
    keys = [_key(datetime.fromtimestamp(int(second), UTC), period) for second in at]
    return np.array([False] + [later != earlier for earlier, later in itertools.pairwise(keys)], dtype=bool)


def _key(moment: datetime, period: str) -> tuple[int, int]:
    if period == "monthly":
        return moment.year, moment.month
    year, week, _ = moment.isocalendar()
    return (year, week) if period == "weekly" else (moment.year, moment.timetuple().tm_yday)


def _rise(close: Floats, lookback: int, skip: int) -> Floats:
    return np.where(complete(close, lookback + 1), returns(close, lookback, skip), np.nan)


def _risk(close: Floats, period: int) -> Floats:
    moved = deviation(close / before(close, 1) - 1, period)
    return np.where(moved > 1e-9, moved, np.nan)  # below is what rounding leaves of none


def _choose(rise: Floats, risk: Floats, top: int, risen_only: bool) -> Floats:
    known = ~np.isnan(rise) & ~np.isnan(risk)
    weights = np.where(known, 0.0, np.nan)
    wanted = np.flatnonzero(known & (rise > 0)) if risen_only else np.flatnonzero(known)
    picks = wanted[np.argsort(-rise[wanted], kind="stable")][:top]
    if len(picks):
        inverse = 1 / risk[picks]
        weights[picks] = inverse / inverse.sum() * (len(picks) / min(top, max(int(known.sum()), 1)))
    return weights


def _check(params: Mapping[str, Any]) -> dict[str, str]:
    if params["skip"] >= params["lookback"]:
        return {"skip": f"{params['skip']} is too many: it must be below lookback ({params['lookback']})"}
    return {}


ROTATION = Rotation()
