"""A person answers a draft of a run: accepted, it is done in their name and through the rule's own door. Once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from agent.chatting import carry_out
from agent.models import AgentRun
from agent.starting import run_of
from common.errors import Conflict, NotFound


def accept_draft(*, user: User, run_id: UUID, draft_id: UUID, now: datetime) -> dict[str, Any]:
    """Do what the draft says. Raises NotFound, Conflict when it was answered before, InvalidInput."""
    return _settle(user, run_id, draft_id, now, agreed=True)


def decline_draft(*, user: User, run_id: UUID, draft_id: UUID, now: datetime) -> dict[str, Any]:
    """Leave it. Raises NotFound, Conflict."""
    return _settle(user, run_id, draft_id, now, agreed=False)


@transaction.atomic
def _settle(user: User, run_id: UUID, draft_id: UUID, now: datetime, *, agreed: bool) -> dict[str, Any]:
    run_of(user, run_id)
    run = AgentRun.objects.select_for_update().get(pk=run_id)
    drafts = [one["draft"] for one in run.actions_taken if one["kind"] == "draft"]
    draft = next((one for one in drafts if one["card"] == str(draft_id)), None)
    if draft is None:
        raise NotFound(f"There is no draft {draft_id} of this run.")
    if draft["state"] != "open":
        raise Conflict(f"It was {draft['state']} before: nothing was done now.")
    draft["state"] = "done" if agreed else "declined"
    if agreed:
        draft["action"] = str(carry_out(user, draft, now, where="from a draft of the agent").pk)
    run.save(update_fields=["actions_taken"])
    return dict(draft)
