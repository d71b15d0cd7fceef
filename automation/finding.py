"""Finding a user's rule."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from automation.models import Action
from common.errors import NotFound


def action_of(user: User, action_id: UUID) -> Action:
    """The user's rule with its instrument and portfolio. Raises NotFound, for anybody else's too."""
    found = Action.objects.select_related("instrument", "portfolio").filter(user=user, id=action_id).first()
    if found is None:
        raise NotFound(f"There is no action {action_id}.")
    return found
