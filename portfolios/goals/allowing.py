"""How much of a portfolio the gate lets a symbol be because a goal wants it: the goal is its owner's consent."""

from __future__ import annotations

from decimal import Decimal

from common.money import HUNDRED, ZERO
from portfolios.goals.reading import terms_of
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.planning.drifting import band_of
from portfolios.planning.types import CASH


def allowances(portfolio: Portfolio) -> dict[str, Decimal]:
    """Percent of equity by symbol: its target plus its band, in the enabled goal that wants most of it. One query."""
    allowed: dict[str, Decimal] = {}
    for goal in PortfolioGoal.objects.filter(portfolio=portfolio, enabled=True, archived_at=None):
        terms = terms_of(goal)
        for symbol, target in terms.targets.items():
            if symbol != CASH and target > ZERO:
                most = (target + band_of(target, terms)) * HUNDRED
                allowed[symbol] = max(allowed.get(symbol, ZERO), most)
    return allowed
