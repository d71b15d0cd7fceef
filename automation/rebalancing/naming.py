"""What names a goal, so that it is not deleted under them: rules that rebalance to it or watch it, a run under way."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from automation.models import Action, ActionStatus
from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.states import OPEN

IN_USE = (ActionStatus.ACTIVE, ActionStatus.PAUSED, ActionStatus.FAILED)


def rules_of(goal_id: UUID) -> list[str]:
    """The rules that name the goal and may still act, as a person calls them."""
    named = Q(goal=goal_id) | Q(trigger_type="drift_above", trigger_params__goal=str(goal_id))
    rules = Action.objects.filter(named, status__in=IN_USE).order_by("created_at")
    return [f'rule "{rule}"' for rule in rules]


def runs_of(goal_id: UUID) -> list[str]:
    """The goal's run under way, if there is one."""
    runs = RebalanceRun.objects.filter(goal=goal_id, state__in=OPEN)
    return [f"a rebalance ({run.get_state_display().lower()})" for run in runs]
