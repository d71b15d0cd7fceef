"""A rule read back before it is made, or an edit before it is saved: what it says, and what it would get into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from automation.drafts import Draft
from automation.explaining import Explanation, explain_draft
from automation.lifecycle import merged
from automation.models import Action
from automation.preflight.finding import Found, findings_about
from common.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class Review:
    """A rule read back before it exists."""

    explanation: Explanation
    findings: tuple[Found, ...]


def review(*, user: User, data: Mapping[str, Any], now: datetime, editing: UUID | None = None) -> Review:
    """Explain and check a rule before it is made, or with `editing` an edit before it is saved. Writes nothing.

    Raises InvalidInput like creating it would, and NotFound when there is no rule `editing` of this user.
    """
    action = drafted(user=user, data=data, now=now, editing=editing)
    return Review(explanation=explain_draft(action, now=now), findings=findings_about(action, now=now))


def drafted(*, user: User, data: Mapping[str, Any], now: datetime, editing: UUID | None = None) -> Action:
    """The rule as it would be made, or as it would become: not stored. Raises InvalidInput, or NotFound."""
    if editing is None:
        return Action(user=user, created_at=now, updated_at=now, **Draft(user=user, raw=data, now=now).check())
    action = Action.objects.filter(user=user, id=editing).first()
    if action is None:
        raise NotFound(f"There is no action {editing}.")
    for name, value in Draft(user=user, raw=merged(action, data), now=now, editing=action).check().items():
        setattr(action, name, value)
    action._state.adding = True  # as it stands here it is in no table: its next time is not known yet
    return action
