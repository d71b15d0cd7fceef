"""A goal as it might be: its drift and its plan with other bands, another end or other cash. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from automation.rebalancing.planning import with_orders
from common.errors import InvalidInput
from common.money import ZERO, cents
from portfolios.goals.changing import goal_of
from portfolios.goals.drafting import check
from portfolios.goals.reading import book_of, cost_of, terms_of
from portfolios.planning.drifting import drift_of
from portfolios.planning.planner import plan
from portfolios.planning.types import CannotPlan, Drift, Plan

MOST_CASH = Decimal(10) ** 12


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What a rebalance would do then. `plan` is None when none can be made; `problem` says why."""

    drift: Drift
    plan: Plan | None
    problem: str = ""


def try_goal(
    *, user: Any, goal_id: UUID, changes: Mapping[str, Any], cash: Decimal = ZERO, force: bool = False, now: datetime
) -> Tried:
    """Drift and plan with some fields of the goal changed and `cash` dollars paid in (below 0: taken out).

    NotFound, InvalidInput.
    """
    goal = goal_of(user, goal_id)
    for name, value in check(changes, goal).items():
        setattr(goal, name, value)  # of this object alone: it is never saved
    terms = terms_of(goal)
    book = with_orders(book_of(goal.portfolio, now, terms.targets), goal.portfolio)
    if not cash.is_finite() or abs(cash) > MOST_CASH or book.cash + cash < ZERO:
        raise InvalidInput({"cash": f"${cash:,.2f} cannot be used: the portfolio has ${book.cash:,.2f} of cash."})
    book = replace(book, cash=cents(book.cash + cash))
    drift = drift_of(book, terms)
    try:
        return Tried(drift=drift, plan=plan(book, terms, cost_of(goal), force=force))
    except CannotPlan as problem:
        return Tried(drift=drift, plan=None, problem=problem.detail)
