"""Pause, resume or cancel many rules at once. Each is a change of its own: what one is refused, the others are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from automation import lifecycle
from automation.models import TRANSITIONS, Action, ActionStatus
from common.errors import Conflict

MOST = 200
VERBS: dict[str, tuple[ActionStatus, Callable[..., Action]]] = {
    "pause": (ActionStatus.PAUSED, lifecycle.pause),
    "resume": (ActionStatus.ACTIVE, lifecycle.resume),
    "cancel": (ActionStatus.CANCELLED, lifecycle.cancel),
}


@dataclass(frozen=True, kw_only=True)
class Changed:
    """How many rules changed, and the refusals as (rule, why)."""

    count: int
    refused: tuple[tuple[str, str], ...]


def change_many(*, user: User, action_ids: Sequence[UUID], verb: str, now: datetime, actor: str) -> Changed:
    """Do `verb` to those of the user's rules (at most MOST) whose state allows it; the others are left alone."""
    status, act = VERBS[verb]
    able = [state for state, following in TRANSITIONS.items() if status in following]
    chosen = Action.objects.filter(user=user, id__in=action_ids, status__in=able).order_by("id")[:MOST]
    count, refused = 0, []
    for action in chosen:
        try:
            act(user=user, action_id=action.pk, now=now, actor=actor)
        except Conflict as error:
            refused.append((str(action), error.detail))
        else:
            count += 1
    return Changed(count=count, refused=tuple(refused))
