"""The end of an execution: record it, tell its owner, and decide what the Action does next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from automation import arming
from automation.effects.base import Done
from automation.effects.trade import done_for
from automation.models import COUNTED_EXECUTIONS, Action, ActionExecution, ActionStatus, ExecutionState
from automation.sentences import effect_sentence
from automation.triggers.base import ClockPlan
from automation.triggers.registry import TRIGGERS
from live.push import Announcement, announce_many
from orders.models import Order, Source
from safety.policies import policy_for
from watches.arming import try_again_at
from watches.models import Phase, Watch

# Denials that are about the moment, not about the rule: they do not count towards its review.
OF_THE_MOMENT = frozenset(
    {"KILL_SWITCH_ACTIVE", "TRADING_HALTED", "STATE_REDUCING", "MARKET_CLOSED", "DAILY_TRADE_CAP", "DAILY_TURNOVER"}
    | {"DAILY_LOSS", "DRAWDOWN", "RATE_LIMIT", "RECONCILING", "LIVE_NOT_ARMED", "PAUSED", "CANCELLED"}
)
FIRST_RETRY = timedelta(seconds=60)
LAST_RETRY = timedelta(minutes=15)


def finish(results: Sequence[tuple[ActionExecution, Done]], *, now: datetime) -> None:
    """Record results of executions. Those still working keep no lease: their orders' ends settle them."""
    if not results:
        return
    with transaction.atomic():
        actions = {
            action.id: action
            for action in Action.objects.select_for_update(of=("self",))
            .select_related("instrument", "portfolio")
            .filter(id__in={execution.action_id for execution, _ in results})
            .order_by("id")
        }
        current = {
            execution.id: execution
            for execution in ActionExecution.objects.select_for_update()
            .filter(id__in=[execution.id for execution, _ in results])
            .order_by("id")
        }
        ended: list[tuple[ActionExecution, Done]] = []
        saved: list[ActionExecution] = []
        for execution, done in results:
            row = current[execution.id]
            if row.finished_at is not None:  # another worker was here
                continue
            row.action = actions[row.action_id]
            row.state, row.reason_code, row.error = done.state, done.reason_code[:40], done.error[:400]
            row.details = {**row.details, **done.details}
            row.lease_until = None
            if done.state not in (ExecutionState.RUNNING, ExecutionState.AWAITING_APPROVAL, ExecutionState.UNKNOWN):
                row.finished_at = now
                ended.append((row, done))
            saved.append(row)
        ActionExecution.objects.bulk_update(
            saved, ["state", "reason_code", "error", "details", "lease_until", "finished_at"], batch_size=500
        )
        changed = [row.action for row, done in ended if _move_on(row.action, row, done, now)]
        Action.objects.bulk_update(
            changed,
            ["status", "status_reason", "executions_count", "failures_in_a_row", "epoch", "next_evaluation_at"],
            batch_size=500,
        )
        raise_alerts([alert for row, done in ended if (alert := _alert(row, done, now))], now)
        announce_many([_announcement(row) for row in saved], now)


def settle(source_ids: Sequence[UUID] | None = None, *, now: datetime, limit: int = 1000) -> int:
    """Finish executions whose orders have come to an end. Returns how many were looked at.

    With `source_ids`, those; else every execution that is working: what a lost nudge left behind.
    """
    working = ActionExecution.objects.filter(
        state__in=(ExecutionState.RUNNING, ExecutionState.AWAITING_APPROVAL, ExecutionState.UNKNOWN),
        lease_until__isnull=True,
    )
    if source_ids is not None:
        working = working.filter(id__in=source_ids)
    executions = list(working.select_related("action").order_by("triggered_at")[:limit])
    orders = {
        order.source_id: order
        for order in Order.objects.filter(
            source_kind=Source.ACTION_EXECUTION, source_id__in=[str(execution.id) for execution in executions]
        )
    }
    results = []
    for execution in executions:
        order = orders.get(str(execution.id))
        if order is not None and (done := done_for(order)).state != execution.state:
            results.append((execution, done))
    finish(results, now=now)
    return len(executions)


def _move_on(action: Action, execution: ActionExecution, done: Done, now: datetime) -> bool:
    """Let an ended execution change its action. Returns whether the action must be saved."""
    if done.state == ExecutionState.SUCCEEDED:
        changed = action.failures_in_a_row > 0
        action.failures_in_a_row = 0
        if arming.used_up(action) and not _others_open(action, execution) and action.status == ActionStatus.ACTIVE:
            action.status = ActionStatus.COMPLETED
            arming.disarm([action])
            action.next_evaluation_at = None
            changed = True
        return changed
    if done.state.value not in COUNTED_EXECUTIONS:
        action.executions_count = max(0, action.executions_count - 1)
    if done.reason_code not in OF_THE_MOMENT:
        action.failures_in_a_row += 1
    if action.status != ActionStatus.ACTIVE:
        return True
    if action.failures_in_a_row >= policy_for(action.portfolio).failures_before_review:
        action.status = ActionStatus.FAILED
        action.status_reason = (
            f"RULE_NEEDS_REVIEW: {action.failures_in_a_row} executions in a row came to nothing,"
            f" last {done.reason_code}: {done.error}"
        )[:300]
        arming.disarm([action])
        action.next_evaluation_at = None
    else:
        _try_again(action, execution, now)
    return True


def _try_again(action: Action, execution: ActionExecution, now: datetime) -> None:
    """Arm again on the same level after a while: a stop that was denied must not be forgotten."""
    plan = TRIGGERS[action.trigger_type].plan(action.trigger_params, action.instrument_id or "")
    if isinstance(plan, ClockPlan):
        arming.set_next_due(action, plan, after=now)
        return
    wait = min(FIRST_RETRY * 2 ** max(0, action.failures_in_a_row - 1), LAST_RETRY)
    wait = max(wait, timedelta(seconds=action.cooldown_seconds))
    series = execution.observation.get("series")
    if series is None:  # executed by hand: the trigger's own watch goes on, unless this had been the last execution
        if not Watch.objects.filter(owner_kind=arming.OWNER, owner_id=action.id).exclude(phase=Phase.OFF).exists():
            arming.arm(action, now=now)
        return
    try_again_at(arming.OWNER, action.id, epoch=action.epoch, at=now + wait, series_id=int(series))


def _others_open(action: Action, execution: ActionExecution) -> bool:
    """Whether another execution of the action may still come to nothing and give its turn back."""
    return action.executions.exclude(id=execution.id).filter(finished_at__isnull=True).exists()


_ALERTS: dict[str, tuple[str, str, str]] = {
    ExecutionState.BLOCKED: (Alert.Kind.BLOCKED, Alert.Severity.WARNING, "Blocked"),
    ExecutionState.FAILED: (Alert.Kind.FAILURE, Alert.Severity.WARNING, "Failed"),
    ExecutionState.EXPIRED: (Alert.Kind.EXPIRED, Alert.Severity.WARNING, "Too late"),
    ExecutionState.SKIPPED: (Alert.Kind.NOTE, Alert.Severity.INFO, "Skipped"),
}


def _alert(execution: ActionExecution, done: Done, now: datetime) -> NewAlert | None:
    if done.state not in _ALERTS:
        return None
    kind, severity, word = _ALERTS[done.state]
    action = execution.action
    review = action.status == ActionStatus.FAILED
    # The same denial of the same rule is told once an hour, not at every retry; the review always.
    key = f"{execution.id}" if review else f"{action.id}:{done.reason_code}:{now:%Y%m%d%H}"
    return NewAlert(
        user_id=action.user_id,
        kind=kind,
        severity=Alert.Severity.CRITICAL if review else severity,
        title=f"{word}: {effect_sentence(action)} ({done.reason_code or done.state.value})"[:200],
        body=done.error + (f"\nThe rule stopped: {action.status_reason}" if review else ""),
        symbol=action.instrument_id or "",
        data={"action": str(action.id), "execution": str(execution.id), **done.details},
        dedupe_key=f"{done.state.value}:{key}",
        trace_id=execution.trace_id,
    )


def _announcement(execution: ActionExecution) -> Announcement:
    return Announcement(
        user_id=execution.action.user_id,
        topic="executions",
        kind=str(execution.state),
        payload={
            "action": str(execution.action_id),
            "execution": str(execution.id),
            "state": str(execution.state),
            "reason_code": execution.reason_code,
            "symbol": execution.action.instrument_id,
        },
        trace_id=execution.trace_id,
    )
