"""Look at the rules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.fencing import Words
from agent.showing import rule_as_json
from agent.tools.base import Answer, Arguments, Context, Reach, Symbol, verified
from automation.explaining import explain_many
from automation.models import Action

MOST = 50


class Wanted(Arguments):
    status: Literal["active", "paused", "completed", "expired", "cancelled", "failed"] | None = "active"
    symbol: Symbol | None = None
    count: Annotated[int, Field(ge=1, le=MOST)] = 20


class ListActions:
    """The rules of the run's portfolio, the newest first."""

    name = "list_actions"
    description = (
        "The rules of the portfolio, newest first: what each does and when, its status and how far it is from firing."
    )
    arguments = Wanted
    reach = Reach.READ

    def run(self, arguments: Wanted, context: Context) -> Answer:
        words = Words()
        rules = Action.objects.filter(user=context.user, portfolio=context.portfolio)
        if arguments.status:
            rules = rules.filter(status=arguments.status)
        if arguments.symbol:
            rules = rules.filter(instrument__in=verified([arguments.symbol]))
        total = rules.count()
        shown = list(rules.select_related("instrument", "goal").order_by("-created_at", "-id")[: arguments.count])
        explained = explain_many(shown, now=context.now)
        return Answer(
            content={"total": total, "rules": [rule_as_json(one, explained[one.pk], words) for one in shown]},
            taint=words.taint,
        )


LIST_ACTIONS = ListActions()
