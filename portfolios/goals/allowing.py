"""What goals allow beyond the limit of a position: the goal is the user's consent to hold as much as it wants."""

from __future__ import annotations

from decimal import Decimal

from common.money import HUNDRED
from portfolios.goals.reading import terms_of
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.planning.drifting import band_of
from portfolios.planning.types import CASH


def allowances(portfolio: Portfolio) -> dict[str, Decimal]:
    """Percent of the portfolio that each symbol may reach by an enabled goal: target plus band, at most 100. One query.

    Of several goals the most generous counts. What a goal wants none of is not mentioned.
    """
    found: dict[str, Decimal] = {}
    for goal in PortfolioGoal.objects.filter(portfolio=portfolio, enabled=True):
        terms = terms_of(goal)
        for symbol, target in terms.targets.items():
            if target and symbol != CASH:
                percent = min((target + band_of(target, terms)) * HUNDRED, HUNDRED)
                found[symbol] = max(percent, found.get(symbol, percent))
    return found


def wanted_symbols() -> set[str]:
    """Symbols of every enabled goal, for the feeds. One query."""
    weights = PortfolioGoal.objects.filter(enabled=True).values_list("target_weights", flat=True)
    return {symbol for targets in weights for symbol in targets} - {CASH}
