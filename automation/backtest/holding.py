"""Buying at the start and holding, at the same costs: what every backtest is shown beside. Plain numpy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

import numpy as np

from automation.backtest.market import Market
from automation.replay.bars import Floats
from automation.replay.book import Terms
from automation.replay.curves import hold_from_start
from common.money import ZERO, cents
from markets.fill_model import Costs


def hold_curve(
    market: Market, weights: Mapping[str, Decimal], *, cash: Decimal, costs: Costs, fractional: Mapping[str, bool]
) -> Floats:
    """Dollars at each close from `market.first` on of one who buys `weights` (ratios) at each symbol's first open.

    What is not spent stays cash, and so does a symbol's part until its first bar.
    """
    size = len(market) - market.first
    curve = np.full(size, float(cash))
    for symbol, weight in weights.items():
        bars = market.bars[symbol]
        budget = cents(cash * weight)
        if bars.first >= len(bars) or budget <= ZERO:
            continue
        bought, left = hold_from_start(bars, Terms(cash=budget, costs=costs, fractional=fractional[symbol]))
        closes = market.closes[market.row[symbol], market.first :]
        begun = market.places[market.row[symbol], market.first :] >= bars.first
        curve += np.where(begun, left + bought * np.nan_to_num(closes) - float(budget), 0.0)
    return curve


def equal(symbols: Collection[str]) -> dict[str, Decimal]:
    """The same part in each."""
    return {symbol: Decimal(1) / len(symbols) for symbol in symbols}
