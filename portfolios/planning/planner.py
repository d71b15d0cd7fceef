"""From a book and a goal to trades. Plain Python; nothing is placed here."""

from __future__ import annotations

from portfolios.planning.types import CostModel, GoalTerms, Plan, PlanBook


def plan(book: PlanBook, terms: GoalTerms, cost: CostModel, *, force: bool = False) -> Plan:
    """The trades that bring `book` to its goal, with what was dropped and why. CannotPlan if a price is missing.

    Nothing is traded while everything is inside its band, unless `force` (a rebalance by the calendar, or asked for).
    """
    raise NotImplementedError
