"""What a trade is expected to cost, and whether it is worth that. Plain Python."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from common.money import CENT, ZERO
from portfolios.planning.types import CostModel

BPS = Decimal(10_000)


def rate_of(cost: CostModel) -> Decimal:
    """Dollars per dollar traded: half the spread and the slippage."""
    return (cost.spread_bps / 2 + cost.slippage_bps) / BPS


def cost_of_trade(value: Decimal, cost: CostModel, *, commission: bool = True) -> Decimal:
    """Dollars, rounded up to the cent; 0 for no trade. Without `commission`: more of an order that pays it already."""
    if not value:
        return ZERO
    fixed = cost.commission if commission else ZERO
    return (fixed + value * rate_of(cost)).quantize(CENT, ROUND_CEILING)


def benefit_of_trade(value: Decimal, cost: CostModel) -> Decimal:
    """What bringing `value` dollars to their target is worth to the owner: `CostModel.benefit_bps` of them."""
    return value * cost.benefit_bps / BPS
