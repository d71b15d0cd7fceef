"""Look at what rebalancing to a goal would do. Never starts it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from agent.fencing import Words
from agent.tools.base import Answer, Arguments, Context, Reach
from automation.rebalancing import by_hand
from common.errors import NotFound
from common.money import plain
from portfolios.models import PortfolioGoal

MOST = 50


class Which(Arguments):
    goal: UUID
    force: bool = False


class ProposeRebalance:
    """The plan with what would stop it. A person starts it on the page of the goal."""

    name = "propose_rebalance"
    description = (
        "The plan of a rebalance to a goal (id): trades, cost, taxes, and what would stop it. Never starts it: a "
        "person does. force: although nothing is out of its band."
    )
    arguments = Which
    reach = Reach.PROPOSE

    def run(self, arguments: Which, context: Context) -> Answer:
        words = Words()
        goals = PortfolioGoal.objects.filter(portfolio=context.portfolio, archived_at=None, pk=arguments.goal)
        goal = goals.first()
        if goal is None:
            raise NotFound(f"There is no goal {arguments.goal} in this portfolio.")
        prepared = by_hand.dry_run(
            user=context.user, goal_id=goal.pk, actor="agent", now=context.now, force=arguments.force
        )
        plan, refusal = prepared.plan, prepared.refusal
        content: dict[str, Any] = {
            "goal": str(goal.pk),
            "trades": [
                {
                    "symbol": one.symbol,
                    "side": one.side,
                    "quantity": plain(one.quantity),
                    "value": plain(one.value),
                    "cost": plain(one.cost),
                }
                for one in (plan.trades[:MOST] if plan else ())
            ],
            "stopped_by": refusal.code if refusal else "",
            "because": words.of(refusal.reason, "what stops a rebalance") if refusal else None,
            "needs_approval": bool(prepared.asks),
            "next": "A person starts it on the page of the goal.",
        }
        return Answer(content=content, taint=words.taint)


PROPOSE_REBALANCE = ProposeRebalance()
