"""What an account was worth bar by bar, beside buying at the start and holding. Plain numpy; floats, for showing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from automation.replay.bars import Bars, Floats, exact
from automation.replay.book import Change, Terms
from common.money import ZERO, shares
from markets import fill_model


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """Dollars at each close from `bars.first` on; `start` is the worth before the first bar's open."""

    start: float
    equity: Floats
    hold: Floats
    held: Floats  # shares

    @property
    def drawdown_percent(self) -> float:
        """The deepest fall from a high, in percent."""
        return deepest(self.start, self.equity)

    @property
    def hold_drawdown_percent(self) -> float:
        return deepest(self.start, self.hold)

    @property
    def exposure_percent(self) -> float:
        """The share of bars at whose close shares were held."""
        return float((self.held > 0).mean() * 100) if len(self.held) else 0.0


def curves_of(bars: Bars, terms: Terms, changes: Sequence[Change]) -> Curves:
    """The curves of a replay."""
    first, size = bars.first, len(bars) - bars.first
    close = bars.close[first:]
    cash, held = np.zeros(size), np.zeros(size)
    for change in changes:
        cash[change.bar - first] += float(change.cash)
        held[change.bar - first] += float(change.shares)
    cash = np.cumsum(cash) + float(terms.cash)
    held = np.round(np.cumsum(held) + float(terms.shares), 9)
    bought, left = hold_from_start(bars, terms)
    opened = float(bars.open[first]) if size else 0.0
    return Curves(
        start=float(terms.cash) + float(terms.shares) * opened,
        equity=cash + held * close,
        hold=left + bought * close,
        held=held,
    )


def hold_from_start(bars: Bars, terms: Terms) -> tuple[float, float]:
    """Shares and cash of one who puts all cash into the symbol at the first open, at the same costs, and keeps it."""
    if bars.first >= len(bars):
        return float(terms.shares), float(terms.cash)
    price = exact(bars.open[bars.first])
    budget = terms.cash - terms.costs.fee_per_order
    per_share = price * (1 + (terms.costs.slippage_bps + terms.costs.fee_bps) / fill_model.BPS)
    wanted = shares(max(budget, ZERO) / (per_share + fill_model.PENNY), fractional=terms.fractional)
    if wanted <= 0:
        return float(terms.shares), float(terms.cash)
    order = fill_model.WorkingOrder(side=fill_model.BUY, order_type=fill_model.MARKET, remaining=wanted)
    costs = fill_model.Costs(
        slippage_bps=terms.costs.slippage_bps, fee_per_order=terms.costs.fee_per_order, fee_bps=terms.costs.fee_bps
    )
    market = fill_model.Observation(last=price, low=price, high=price)
    (fill,) = fill_model.match(order, market, costs).fills
    left = terms.cash - fill.quantity * fill.price - fill.fee
    return float(terms.shares + fill.quantity), float(left)


def deepest(start: float, curve: Floats) -> float:
    """The deepest fall below the highest worth so far, in percent of that."""
    if not len(curve):
        return 0.0
    highest = np.maximum(np.maximum.accumulate(curve), start)
    falls = np.where(highest > 0, (highest - curve) / np.where(highest > 0, highest, 1), 0.0)
    return float(max(falls.max(), 0.0) * 100)


def thinned(size: int, most: int, keep: Sequence[int] = ()) -> list[int]:
    """At most `most` indexes of `size`, evenly spread with the first and the last, and those of `keep` if few."""
    if size <= most:
        return list(range(size))
    wanted = set(keep) if len(keep) <= most // 2 else set()
    spread = np.linspace(0, size - 1, most - len(wanted)).astype(int).tolist()
    return sorted(wanted | set(spread))
