"""From a book and a goal to trades. Plain Python; nothing is placed here.

One pass: what each asset is away from its aim; held quantity, do-not-sell and other limits of the asset; the turnover
cap (one factor); sales, rounded, without those that are too small or cost too much; their proceeds; purchases, scaled
to the cash by one factor, rounded, and sifted the same way. Passes follow until one finds nothing more to trade: they
put to use what rounding and dropped trades left over, and the last one explains what stays away from its target. So
planning again after the trades finds nothing to do either, unless the turnover cap held something back.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from common.money import ZERO
from portfolios.planning import sizing
from portfolios.planning.costs import cost_of_trade
from portfolios.planning.draft import Draft
from portfolios.planning.drifting import equity_of, nothing_to_share, problem_of, reserved_of, smallest_trade
from portfolios.planning.scoping import Scope
from portfolios.planning.telling import tell
from portfolios.planning.types import CannotPlan, CostModel, GoalTerms, Plan, PlanBook
from portfolios.planning.wanting import Want, cap_turnover, wants_of

MOST_PASSES = 20


def plan(book: PlanBook, terms: GoalTerms, cost: CostModel, *, force: bool = False) -> Plan:
    """The trades that bring `book` to its goal, with what was dropped and why. CannotPlan if a price is missing.

    Nothing is traded while everything is inside its band. `force` (the calendar, or a person who asks) brings a goal
    that rebalances to its targets there all the same.
    """
    problem = problem_of(book, terms)
    if problem:
        raise CannotPlan(problem)
    equity = equity_of(book)
    if equity <= reserved_of(equity, terms):
        raise CannotPlan(nothing_to_share(equity, terms))
    draft = Draft(book, terms, cost)
    scope = Scope(draft, force=force)
    for _ in range(MOST_PASSES):
        wants, traded = _pass(draft, scope)
        if not traded:
            break
    _drop_what_came_to_nothing(draft)
    return tell(draft, scope, wants)


def _pass(draft: Draft, scope: Scope) -> tuple[list[Want], bool]:
    """What is still wanted, with what each limit took; and whether something was traded."""
    scope.grow(draft)
    managed = draft.managed
    wants = _wants(draft, scope, managed)
    costs = _costs(draft, wants)
    if costs:
        wants = _wants(draft, scope, managed - costs)
    sold = sizing.sell(draft, wants)
    bought = sizing.buy(draft, wants, min(draft.spare_cash(), draft.free))
    return wants, sold or bought


def _wants(draft: Draft, scope: Scope, managed: Decimal) -> list[Want]:
    wants = wants_of(draft, scope.aims(draft, managed))
    cap_turnover(draft, wants)
    return wants


def _costs(draft: Draft, wants: Sequence[Want]) -> Decimal:
    """What trading all of it would cost: the targets are shares of what is left after that."""
    terms, made = draft.terms, []
    for want in wants:
        smallest = smallest_trade(draft.holding(want.symbol), terms)
        if want.left >= smallest and draft.worth_it(want.symbol, want.left):
            made.append(want)
    return sum(
        (cost_of_trade(want.left, draft.cost, commission=not draft.traded.get(want.symbol)) for want in made), ZERO
    )


def _drop_what_came_to_nothing(draft: Draft) -> None:
    """A later pass may take back most of what an earlier one traded: what is left must still be a trade."""
    for symbol, shares in list(draft.traded.items()):
        value = draft.traded_values[symbol]
        small = abs(value) < draft.terms.min_trade
        if small and (value >= ZERO or draft.free + value >= ZERO):
            draft.trade(symbol, -shares)
