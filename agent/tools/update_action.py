"""Change a rule, or write the change down for a person."""

from __future__ import annotations

from uuid import UUID

from agent import drafting
from agent.rule_arguments import LimitFields, given
from agent.tools.base import Answer, Context, Reach
from common.errors import InvalidInput


class Change(LimitFields):
    id: UUID


class UpdateAction:
    """Sizes, prices, trigger parameters, end, number of executions. Never the mode, the symbol or the side."""

    name = "update_action"
    description = (
        "Changes a rule of the portfolio by its id: its size, trigger_params, prices, end, maximum of executions, "
        "cooldown or message. Done at once or written down as a draft for a person; the answer says which."
    )
    arguments = Change
    reach = Reach.PROPOSE

    def run(self, arguments: Change, context: Context) -> Answer:
        changes = given(arguments, leave_out=frozenset({"id"}))
        if not changes:
            raise InvalidInput({"id": "Say what to change."})
        return drafting.edit(context, arguments.id, changes)


UPDATE_ACTION = UpdateAction()
