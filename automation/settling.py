"""The end of an execution: record it, tell its owner, and decide what the Action does next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from automation import arming, grouping, trace_outcomes
from automation.effects.base import Done
from automation.effects.rebalance import runs_of
from automation.effects.trade import done_for
from automation.models import COUNTED_EXECUTIONS, Action, ActionExecution, ActionStatus, ExecutionState
from automation.sentences import effect_sentence
from common.giving_way import gives_way
from live.push import Announcement, announce_many
from orders.models import Order, Source
from safety.policies import policy_for
from watches.arming import try_again_at
from watches.models import Phase, Timer, Watch

# Denials that are about the moment, not about the rule: they do not count towards its review.
OF_THE_MOMENT = frozenset(
    {"KILL_SWITCH_ACTIVE", "TRADING_HALTED", "STATE_REDUCING", "MARKET_CLOSED", "DAILY_TRADE_CAP", "DAILY_TURNOVER"}
    | {"DAILY_LOSS", "DRAWDOWN", "RATE_LIMIT", "RECONCILING", "LIVE_NOT_ARMED", "PAUSED", "CANCELLED", "EDITED"}
    | {"EXECUTION_EXPIRED", "APPROVAL_STALE"}
    | {"MARKET_CLOSES_SOON", "RUN_OPEN", "COOLDOWN"}  # of a rebalance
)
# Denials after which a rule stops at once: trying again is what the denial is about.
STOPS_AT_ONCE = frozenset({"LOOP_SUSPECT"})
FIRST_RETRY = timedelta(seconds=60)
LAST_RETRY = timedelta(minutes=15)


def finish(results: Sequence[tuple[ActionExecution, Done]], *, now: datetime) -> None:
    """Record results of executions. Those still working keep no lease: their orders' ends settle them."""
    if results:
        _finish(results, now)


@gives_way
def _finish(results: Sequence[tuple[ActionExecution, Done]], now: datetime) -> None:
    actions = {
        action.id: action
        for action in Action.objects.select_for_update(of=("self",))
        .select_related("instrument", "portfolio")
        .filter(
            Q(id__in={execution.action_id for execution, _ in results})
            | Q(held_by__in=[execution.id for execution, _ in results])  # their mates, locked together with them
        )
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
    _save_executions(saved)
    _move_all_on(ended, now)
    trace_outcomes.ended(ended, now=now)
    grouping.end([row for row, _ in ended], now=now)
    raise_alerts([alert for row, done in ended if (alert := _alert(row, done, now))], now)
    announce_many([_announcement(row) for row in saved], now)


def settle(source_ids: Sequence[UUID] | None = None, *, now: datetime, limit: int = 1000) -> int:
    """Finish executions whose orders or rebalance runs have come to an end. Returns how many were looked at.

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
    rebalanced = runs_of(execution.id for execution in executions if str(execution.id) not in orders)
    results = []
    for execution in executions:
        order = orders.get(str(execution.id))
        done = rebalanced.get(execution.id) if order is None else done_for(order)
        if done is not None and done.state != execution.state:
            results.append((execution, done))
    finish(results, now=now)
    return len(executions)


# One statement each, whatever the number of rows: on a crash day thousands of executions end within seconds.
_SAVE_EXECUTIONS = """
UPDATE automation_actionexecution e
SET state = n.state, reason_code = n.code, error = n.error, details = n.details::jsonb, lease_until = NULL,
    finished_at = n.finished
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
     AS n(id, state, code, error, details, finished)
WHERE e.id = n.id
"""
_SAVE_ACTIONS = """
UPDATE automation_action a
SET status = n.status, status_reason = n.reason, executions_count = n.count, failures_in_a_row = n.failures,
    next_evaluation_at = n.next
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::int[], %s::int[], %s::timestamptz[])
     AS n(id, status, reason, count, failures, next)
WHERE a.id = n.id
"""


def _save_executions(rows: Sequence[ActionExecution]) -> None:
    _save(
        _SAVE_EXECUTIONS,
        [(e.id, str(e.state), e.reason_code, e.error, json.dumps(e.details), e.finished_at) for e in rows],
    )


def _save(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])


def _move_all_on(ended: Sequence[tuple[ActionExecution, Done]], now: datetime) -> None:
    """Let ended executions change their actions. An action is completed once none of its executions is open."""
    succeeded = [row.action_id for row, done in ended if done.state == ExecutionState.SUCCEEDED]
    still_open = set(
        ActionExecution.objects.filter(action_id__in=succeeded, finished_at__isnull=True).values_list(
            "action_id", flat=True
        )
    )
    changed: dict[UUID, Action] = {}
    completed: list[Action] = []
    for row, done in ended:
        action = row.action
        if done.state != ExecutionState.SUCCEEDED:
            _came_to_nothing(action, row, done, now)
        elif arming.used_up(action) and action.id not in still_open and action.status == ActionStatus.ACTIVE:
            action.status, action.next_evaluation_at, action.failures_in_a_row = ActionStatus.COMPLETED, None, 0
            completed.append(action)
        elif action.failures_in_a_row:
            action.failures_in_a_row = 0
        else:
            continue
        changed[action.id] = action
    if completed:
        arming.disarm(completed)
    _save(
        _SAVE_ACTIONS,
        [
            (a.id, str(a.status), a.status_reason, a.executions_count, a.failures_in_a_row, a.next_evaluation_at)
            for a in changed.values()
        ],
    )


def _came_to_nothing(action: Action, execution: ActionExecution, done: Done, now: datetime) -> None:
    """A failure gives its turn back; the rule tries again, or stops for a person after too many."""
    if done.state.value not in COUNTED_EXECUTIONS:
        action.executions_count = max(0, action.executions_count - 1)
    if done.reason_code not in OF_THE_MOMENT:
        action.failures_in_a_row += 1
    if action.status != ActionStatus.ACTIVE:
        return
    if done.reason_code in STOPS_AT_ONCE:
        _stop(action, f"{done.reason_code}: {done.error}")
    elif action.failures_in_a_row >= policy_for(action.portfolio).failures_before_review:
        _stop(
            action,
            f"RULE_NEEDS_REVIEW: {action.failures_in_a_row} executions in a row came to nothing,"
            f" last {done.reason_code}: {done.error}",
        )
    else:
        _try_again(action, execution, now)


def _stop(action: Action, reason: str) -> None:
    """Stop watching until a person has looked and resumes the rule."""
    action.status, action.status_reason, action.next_evaluation_at = ActionStatus.FAILED, reason[:300], None
    arming.disarm([action])


def _try_again(action: Action, execution: ActionExecution, now: datetime) -> None:
    """Arm again on the same level after a while: a stop that was denied must not be forgotten.

    Only if the watch is still as this firing left it: a new trigger on the old series would be a rule nobody wrote.
    """
    if action.held_by is not None:  # by a mate of its group: armed when that lets it go
        return
    timed = Timer.objects.filter(owner_kind=arming.OWNER, owner_id=action.id).exclude(purpose=arming.EXPIRE)
    if timed.exists():  # its next time, or the beginning of its window, is set
        return
    watch = Watch.objects.filter(owner_kind=arming.OWNER, owner_id=action.id).first()
    not_its_own = execution.cause == "manual" or (watch is not None and watch.epoch != execution.epoch + 1)
    if watch is None or watch.epoch != action.epoch or (watch.phase == Phase.OFF and not_its_own):
        arming.arm(action, now=now)  # a clock, an edit while this execution was the last, another firing used it up
        return
    if not_its_own:  # edited or fired again since: it is being watched
        return
    wait = min(FIRST_RETRY * 2 ** max(0, action.failures_in_a_row - 1), LAST_RETRY)
    wait = max(wait, timedelta(seconds=action.cooldown_seconds))
    series = execution.observation["series"]
    try_again_at(arming.OWNER, action.id, epoch=action.epoch, at=now + wait, series_id=int(series))


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
