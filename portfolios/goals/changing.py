"""What a person can do with a goal. Each change is a new version, kept with the goal as it was then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User
from common.errors import Conflict, InvalidInput, NotFound
from common.money import plain
from live.push import announce
from portfolios.goals.drafting import FIELDS, check, portfolio_of
from portfolios.goals.using import users_of
from portfolios.models import GoalVersion, PortfolioGoal


def create_goal(*, user: User, data: Mapping[str, Any], now: datetime, actor: str) -> PortfolioGoal:
    """Check and store a new goal, for the primary portfolio unless `portfolio` is given. InvalidInput, Conflict."""
    raw = dict(data)
    portfolio = portfolio_of(user, raw.pop("portfolio", None))
    goal = PortfolioGoal(portfolio=portfolio, created_at=now, updated_at=now, **check(raw))
    return _save(goal, user=user, now=now, actor=actor, kind="created")


def update_goal(*, user: User, goal_id: UUID, changes: Mapping[str, Any], now: datetime, actor: str) -> PortfolioGoal:
    """Change some fields. With `version`, only if nobody changed the goal since that version (else Conflict)."""
    raw = dict(changes)
    seen = raw.pop("version", None)
    if "portfolio" in raw:
        raise InvalidInput({"portfolio": "A goal stays with its portfolio: make a new one for another."})
    with transaction.atomic():
        goal = goal_of(user, goal_id, lock=True)
        if seen is not None and seen != goal.version:
            raise Conflict(
                f"The goal was changed since: it is at version {goal.version}, you saw {seen}. Load it again.",
                code="changed_since",
            )
        before = shown(goal)
        for name, value in check(raw, goal).items():
            setattr(goal, name, value)
        if shown(goal) == before:
            return goal
        goal.version += 1
        goal.updated_at = now
        return _save(goal, user=user, now=now, actor=actor, kind="changed")


def archive_goal(*, user: User, goal_id: UUID, now: datetime, actor: str) -> PortfolioGoal:
    """Delete the goal: it is kept for its runs, switched off and out of sight. Conflict while something names it."""
    with transaction.atomic():
        goal = goal_of(user, goal_id, lock=True)
        users = users_of(goal.pk)
        if users:
            raise Conflict(f"{goal.name} is still used by {', '.join(users)}: end or change that first.", code="in_use")
        goal.enabled, goal.archived_at, goal.updated_at = False, now, now
        goal.version += 1
        return _save(goal, user=user, now=now, actor=actor, kind="deleted")


def goal_of(user: User, goal_id: UUID, *, lock: bool = False) -> PortfolioGoal:
    """The user's goal of this id; NotFound if there is none, or it was deleted."""
    goals = PortfolioGoal.objects.select_related("portfolio").filter(portfolio__user=user, archived_at=None)
    if lock:
        goals = goals.select_for_update(of=("self",), no_key=True)
    goal = goals.filter(pk=goal_id).first()
    if goal is None:
        raise NotFound(f"There is no goal {goal_id}.")
    return goal


def shown(goal: PortfolioGoal) -> dict[str, Any]:
    """Every field a person sets, as JSON; decimals as text."""
    return {name: _json(getattr(goal, name)) for name in FIELDS}


def warnings_of(goal: PortfolioGoal) -> list[str]:
    """What is allowed but probably not meant. One query."""
    others = PortfolioGoal.objects.filter(portfolio=goal.portfolio_id, enabled=True).exclude(pk=goal.pk)
    found = []
    if goal.enabled and (names := list(others.order_by("name").values_list("name", flat=True))):
        found.append(
            f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} on for the same portfolio: what one goal "
            "buys another may sell. Keep one of them on."
        )
    weights = [Decimal(weight) for symbol, weight in goal.target_weights.items()]
    if goal.band_kind == "absolute" and any(0 < weight <= goal.drift_threshold for weight in weights):
        found.append(
            f"A target at or below the band of {plain(goal.drift_threshold * 100)} points is outside only when it is "
            "not held at all, or far above: hybrid_5_25 narrows the band of small targets."
        )
    return found


def _save(goal: PortfolioGoal, *, user: User, now: datetime, actor: str, kind: str) -> PortfolioGoal:
    try:
        with transaction.atomic():
            goal.save()
            GoalVersion.objects.create(goal=goal, version=goal.version, at=now, actor=actor, terms=shown(goal))
            payload = {"goal": str(goal.pk), "name": goal.name, "version": goal.version}
            announce(user_id=user.pk, topic="portfolio", kind=f"goal_{kind}", payload=payload, now=now)
    except IntegrityError as error:
        raise _refusal(goal, error) from error
    return goal


def _refusal(goal: PortfolioGoal, error: IntegrityError) -> Exception:
    if "one_automatic_goal_per_portfolio" in str(error):
        return Conflict(
            "Another goal of this portfolio rebalances by itself, and two would undo each other's trades: set one of "
            "them to alert, or switch it off.",
            code="automatic_goal_exists",
        )
    if "goal_name_once_per_portfolio" in str(error):
        return InvalidInput({"name": f"{goal.name!r} is taken: another goal of this portfolio has it."})
    return error


def _json(value: Any) -> Any:
    return plain(value) if isinstance(value, Decimal) else value
