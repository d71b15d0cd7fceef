"""Weights the past would have favoured."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from agent.tools.base import Answer, Arguments, Context, Number, Reach, Symbol, Text, verified
from common.money import plain
from portfolios.models import Holding
from portfolios.optimising.asking import LEAST_DAYS, Ask
from portfolios.optimising.methods import METHODS
from portfolios.optimising.proposing import Promise, propose, target_weights

MOST_SYMBOLS, MOST_DAYS = 20, 756
Weight = Annotated[Number, Field(ge=0, le=1)]


class Wanted(Arguments):
    """Weights are ratios, 0 to 1."""

    symbols: Annotated[list[Symbol], Field(max_length=MOST_SYMBOLS)] = []
    method: Annotated[Text, Field(max_length=40)] = "equal_weight"
    min_weight: Weight = Decimal(0)
    max_weight: Weight = Decimal(1)
    days: Annotated[int, Field(ge=LEAST_DAYS, le=MOST_DAYS)] = 504


class OptimizePortfolio:
    """A proposal: nothing is stored, nothing ordered."""

    name = "optimize_portfolio"
    description = (
        f"Target weights by a method ({', '.join(METHODS)}) from stored daily bars, for given symbols or what is "
        "held, with what they would have made beside equal weights and the present ones. No forecast."
    )
    arguments = Wanted
    reach = Reach.READ

    def run(self, arguments: Wanted, context: Context) -> Answer:
        symbols = verified(arguments.symbols)
        if not symbols:
            held = Holding.objects.filter(portfolio=context.portfolio, quantity__gt=0).order_by("instrument")
            symbols = list(held.values_list("instrument", flat=True)[:MOST_SYMBOLS])
        ask = Ask(
            symbols=tuple(symbols),
            method=arguments.method,
            least=round(arguments.min_weight, 4),
            most=round(arguments.max_weight, 4),
            days=arguments.days,
        )
        found = propose(ask, portfolio=context.portfolio, now=context.now)
        return Answer(
            content={
                "method": found.method,
                "days": found.days,
                "target_weights": target_weights(found),
                "promise": _promise(found.promise),
                "equal_weight": _promise(found.equal_weight),
                "current": _promise(found.current),
                "trades": [
                    {"symbol": one.symbol, "side": one.side, "quantity": plain(one.quantity), "value": plain(one.value)}
                    for one in (found.plan.trades[:50] if found.plan else ())
                ],
                "plan_problem": found.plan_problem,
            }
        )


def _promise(one: Promise | None) -> dict[str, str | None] | None:
    if one is None:
        return None
    return {
        "expected_return": f"{one.expected_return:.4f}",
        "volatility": f"{one.volatility:.4f}",
        "sharpe": None if one.sharpe is None else f"{one.sharpe:.2f}",
    }


OPTIMIZE_PORTFOLIO = OptimizePortfolio()
