"""REBALANCE: start a run for the goal, or for the targets the rule gives. Its end is the execution's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from automation.effects.base import Done
from automation.models import ActionExecution, ActionType, ExecutionState
from automation.rebalancing.models import Cause, RebalanceRun
from automation.rebalancing.starting import Wish, start_run
from automation.rebalancing.states import RunState


class Rebalance:
    """One run per execution. The key is the action and its epoch: starting again returns the same run."""

    types = (ActionType.REBALANCE.value,)

    def carry_out(self, executions: Sequence[ActionExecution], *, now: datetime) -> list[Done]:
        return [done_for(start_run(_wish(execution), now=now)) for execution in executions]


def _wish(execution: ActionExecution) -> Wish:
    """A rule rebalances whatever its bands say: its trigger decides when."""
    action = execution.action
    return Wish(
        portfolio_id=action.portfolio_id,
        cause=Cause.ACTION,
        actor="engine",
        key=f"action:{action.id}:{execution.epoch}",
        goal=action.goal,
        targets={symbol: Decimal(weight) for symbol, weight in action.targets.items()},
        force=True,
        action_id=action.id,
        execution_id=execution.id,
        trace_id=execution.trace_id,
    )


# What a run's state means for the execution that started it.
MEANING: dict[str, ExecutionState] = {
    RunState.PLANNED: ExecutionState.RUNNING,
    RunState.AWAITING_APPROVAL: ExecutionState.AWAITING_APPROVAL,
    RunState.SELLING: ExecutionState.RUNNING,
    RunState.BUYING: ExecutionState.RUNNING,
    RunState.COMPLETED: ExecutionState.SUCCEEDED,
    RunState.COMPLETED_WITH_RESIDUALS: ExecutionState.SUCCEEDED,
    RunState.CANCELLED: ExecutionState.FAILED,
    RunState.CANCELLED_MID_RUN: ExecutionState.FAILED,
    RunState.DECLINED: ExecutionState.BLOCKED,
    RunState.EXPIRED: ExecutionState.EXPIRED,
    RunState.BLOCKED: ExecutionState.BLOCKED,
    RunState.FAILED: ExecutionState.FAILED,
}


def done_for(run: RebalanceRun) -> Done:
    """What became of an execution, judged by its run as it stands."""
    return Done(
        state=MEANING[run.state],
        details={"effect": "rebalance", "run": str(run.pk), "run_state": str(run.state)},
        reason_code=run.reason_code,
        error=run.reason,
    )


def runs_of(execution_ids: Iterable[UUID]) -> dict[UUID, Done]:
    """What became of these executions' runs, by execution."""
    runs = RebalanceRun.objects.filter(execution_id__in=list(execution_ids))
    return {run.execution_id: done_for(run) for run in runs if run.execution_id is not None}


REBALANCE = Rebalance()
