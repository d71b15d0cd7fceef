"""Pause, resume or cancel a rule, or write that down for a person."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from agent import drafting
from agent.tools.base import Answer, Arguments, Context, Reach


class Which(Arguments):
    id: UUID
    verb: Literal["pause", "resume", "cancel"] = "cancel"


class CancelAction:
    """Cancelling is for good; pausing is not."""

    name = "cancel_action"
    description = (
        "Cancels (for good), pauses or resumes a rule of the portfolio by its id. Done at once or written down as a "
        "draft for a person; the answer says which."
    )
    arguments = Which
    reach = Reach.PROPOSE

    def run(self, arguments: Which, context: Context) -> Answer:
        return drafting.change(context, arguments.id, arguments.verb)


CANCEL_ACTION = CancelAction()
