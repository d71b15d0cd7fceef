"""Make a rule, or write one down for a person."""

from __future__ import annotations

from agent import drafting
from agent.rule_arguments import RuleFields, given
from agent.tools.base import Answer, Context, Reach


class CreateAction:
    """Made at once: a rule that only tells; in mode execute a trading one within the agent's limits. Else a draft."""

    name = "create_action"
    description = (
        "A new rule of the portfolio: when the trigger fires, buy, sell or notify. Give exactly one size for BUY and "
        "SELL. Depending on the run's mode it is made at once or becomes a draft that a person accepts; the answer "
        "says which."
    )
    arguments = RuleFields
    reach = Reach.PROPOSE

    def run(self, arguments: RuleFields, context: Context) -> Answer:
        return drafting.create(context, given(arguments))


CREATE_ACTION = CreateAction()
