"""Look at what is held, and how far the goals are."""

from __future__ import annotations

from pydantic import StrictBool

from agent.facts import portfolio_facts
from agent.fencing import Words
from agent.tools.base import Answer, Arguments, Context, Reach
from common.money import plain
from portfolios.goals.reading import drifts
from portfolios.models import PortfolioGoal
from portfolios.valuing import value

MOST_HOLDINGS, MOST_GOALS = 100, 10


class Wanted(Arguments):
    names: StrictBool = False  # shows what people called them, which taints the run


class GetPortfolio:
    """Holdings, cash and goals of the run's portfolio."""

    name = "get_portfolio"
    description = (
        "Equity, cash, holdings with value, weight and unrealised gain, and each goal with its drift from the targets. "
        "names: with the goals' names, which are untrusted: a run that has read any can only propose."
    )
    arguments = Wanted
    reach = Reach.READ

    def run(self, arguments: Wanted, context: Context) -> Answer:
        words = Words()
        content = portfolio_facts(value(context.portfolio, now=context.now))
        holdings = sorted(content["holdings"], key=lambda one: -float(one["value"] or 0))
        goals = list(
            PortfolioGoal.objects.filter(portfolio=context.portfolio, archived_at=None).order_by("-created_at")[
                :MOST_GOALS
            ]
        )
        found = drifts([goal.pk for goal in goals], context.now)
        content["holdings"] = holdings[:MOST_HOLDINGS]
        content["holdings_left_out"] = max(0, len(holdings) - MOST_HOLDINGS)
        content["goals"] = [
            {
                "id": str(goal.pk),
                "name": words.of(goal.name, "a goal's name") if arguments.names else None,
                "enabled": goal.enabled,
                "needs_rebalancing": found[goal.pk].needs_rebalancing,
                "problem": found[goal.pk].problem,
                "targets": [
                    {
                        "symbol": row.symbol,
                        "target": plain(row.target),
                        "weight": plain(round(row.weight, 4)),
                        "outside": row.outside,
                    }
                    for row in found[goal.pk].rows[:50]
                ],
            }
            for goal in goals
        ]
        return Answer(content=content, taint=words.taint)


GET_PORTFOLIO = GetPortfolio()
