"""A person asks for a rebalance of one of their goals, now or as a dry run."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from automation.rebalancing.models import Cause, RebalanceLeg, RebalanceRun
from automation.rebalancing.starting import Prepared, Wish, preview, start_run
from common.errors import NotFound
from common.ids import new_id
from portfolios.goals.changing import goal_of
from portfolios.models import PortfolioGoal


def rebalance(*, user: Any, goal_id: UUID, actor: str, now: datetime, force: bool = True) -> RebalanceRun:
    """Start a run; it may be blocked, with the reason. `force`: although everything is inside its band. NotFound."""
    return start_run(_wish(goal_of(user, goal_id), actor, force), now=now)


def dry_run(*, user: Any, goal_id: UUID, actor: str, now: datetime, force: bool = True) -> Prepared:
    """What `rebalance` would begin, and what would stop it. Nothing is written. NotFound."""
    return preview(_wish(goal_of(user, goal_id), actor, force), now=now)


def runs_of(user: Any) -> QuerySet[RebalanceRun]:
    """The user's runs, the newest first, with their goals and legs."""
    legs = Prefetch("legs", RebalanceLeg.objects.order_by("number"))
    mine = RebalanceRun.objects.filter(user=user).select_related("goal").prefetch_related(legs)
    return mine.order_by("-created_at", "-pk")


def run_of(user: Any, run_id: UUID) -> RebalanceRun:
    """The user's run. NotFound for anybody else's."""
    run = runs_of(user).filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"There is no run {run_id}.")
    return run


def _wish(goal: PortfolioGoal, actor: str, force: bool) -> Wish:
    return Wish(
        portfolio_id=goal.portfolio_id,
        cause=Cause.MANUAL,
        actor=actor,
        key=f"manual:{new_id()}",
        goal=goal,
        force=force,
    )
