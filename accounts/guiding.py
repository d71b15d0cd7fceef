"""The guided first start: how far a user got with it. What its steps do is the business of the rooms above."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import GuidedStart, User


def guide_of(user: User) -> GuidedStart | None:
    """Where the user stands, or None when it was not begun."""
    return GuidedStart.objects.filter(user=user).first()


def is_offered(user: User) -> bool:
    """Whether the overview should offer the guide: it was neither finished nor put off."""
    guide = guide_of(user)
    return guide is None or (guide.finished_at is None and guide.put_off_at is None)


def remember_rule(*, user: User, action_id: UUID, now: datetime) -> None:
    """The rule of the guide was made; an earlier one is forgotten."""
    _write(user, now, action_id=action_id, put_off_at=None, finished_at=None)


def put_off(*, user: User, now: datetime) -> None:
    """Do not offer it by itself any more. What was begun can be gone on with."""
    _write(user, now, put_off_at=now)


def finish(*, user: User, now: datetime) -> None:
    _write(user, now, finished_at=now)


def begin_again(*, user: User, now: datetime) -> None:
    """Back to the first step. The rule that was made stays among the rules."""
    _write(user, now, action_id=None, put_off_at=None, finished_at=None)


def _write(user: User, now: datetime, **changes: Any) -> None:
    GuidedStart.objects.update_or_create(user=user, defaults={**changes, "updated_at": now})
