"""What a rebalance would do: the pure planner over the goal's book, with what other orders have a claim on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.money import ZERO, plain
from orders.models import Order
from orders.states import IN_FLIGHT
from portfolios.goals.reading import USUAL_COST, book_of, cost_of, terms_of
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.planning.planner import plan
from portfolios.planning.types import GoalTerms, Plan, PlanBook


def terms_for(goal: PortfolioGoal | None, targets: Mapping[str, Decimal]) -> GoalTerms:
    """What is asked of the planner."""
    return GoalTerms(targets=targets) if goal is None else terms_of(goal)


def plan_for(
    portfolio: Portfolio, goal: PortfolioGoal | None, targets: Mapping[str, Decimal], *, now: datetime, force: bool
) -> Plan:
    """What a rebalance would do now, with what other orders are about to sell and spend left to them. CannotPlan.

    `force`: trade although nothing is outside its band.
    """
    terms = terms_for(goal, targets)
    cost = USUAL_COST if goal is None else cost_of(goal)
    book = with_orders(book_of(portfolio, now, terms.targets), portfolio)
    return plan(book, terms, cost, force=force)


def with_orders(book: PlanBook, portfolio: Portfolio) -> PlanBook:
    """The book with the shares and dollars that orders under way have a claim on."""
    cash, sold = ZERO, dict[str, Decimal]()
    for order in Order.objects.filter(portfolio=portfolio, state__in=IN_FLIGHT):
        left = (order.quantity or ZERO) - order.filled_quantity
        if order.side == "sell":
            sold[order.instrument_id] = sold.get(order.instrument_id, ZERO) + left
        else:
            cash += left * (order.limit_price or order.decision_price or ZERO)
    holdings = {
        symbol: replace(held, committed=sold[symbol]) if symbol in sold else held
        for symbol, held in book.holdings.items()
    }
    return replace(book, holdings=holdings, committed_cash=cash)


def plan_as_json(planned: Plan) -> dict[str, Any]:
    """The plan as it is kept with the run; decimals as text."""
    return {
        "trades": [
            {
                "symbol": trade.symbol,
                "side": trade.side,
                "quantity": plain(trade.quantity),
                "price": plain(trade.price),
                "value": plain(trade.value),
                "cost": plain(trade.cost),
                "reason": trade.reason,
                "lots": [{"lot": part.lot_id, "quantity": plain(part.quantity)} for part in trade.lots],
            }
            for trade in planned.trades
        ],
        "dropped": [
            {
                "symbol": dropped.symbol,
                "side": dropped.side,
                "value": plain(dropped.value),
                "code": dropped.code.value,
                "reason": dropped.reason,
            }
            for dropped in planned.dropped
        ],
        "residuals": [
            {"symbol": left.symbol, "dollars": plain(left.dollars), "code": left.code.value, "reason": left.reason}
            for left in planned.residuals
        ],
        "warnings": list(planned.warnings),
        "equity": plain(planned.equity),
        "reserved": plain(planned.reserved),
        "expected_cost": plain(planned.expected_cost),
        "turnover": plain(planned.turnover),
        "weights_before": texts(planned.weights_before),
        "weights_after": texts(planned.weights_after),
    }


def texts(weights: Mapping[str, Decimal]) -> dict[str, str]:
    """Weights as text, six places."""
    return {symbol: plain(round(weight, 6)) for symbol, weight in sorted(weights.items())}
