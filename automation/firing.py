"""A firing, as rows: the execution, the action's next epoch, what its owner is told. Call holding the action's lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from automation import awaiting_open
from automation.conditions import Verdict
from automation.models import Action, ActionExecution, ExecutionState, Mode
from automation.sentences import effect_sentence, trigger_sentence, when_sentence
from automation.trace_lines import measure_of
from common.bulk import insert
from common.enqueue import nudge
from common.ids import new_id
from common.money import dollars
from live.push import Announcement, announce_many

# A late execution is a wrong trade.
PRICE_FIRING_LASTS = timedelta(seconds=120)
CLOCK_FIRING_LASTS = timedelta(minutes=15)
# In a storm several executors share the work; one that finds nothing left costs one query.
ENOUGH_FOR_ONE = 200
MOST_EXECUTORS = 4


def fire(
    action: Action,
    *,
    now: datetime,
    cause: str,
    observation: dict[str, Any],
    lasts: timedelta = PRICE_FIRING_LASTS,
    verdict: Verdict | None = None,
) -> ActionExecution:
    """Take the action's epoch for one execution and move the action to the next. `record` saves both.

    A verdict of its conditions that is not true makes it a skipped one: it has ended, and uses up no turn.
    """
    execution = ActionExecution(
        id=new_id(),
        action=action,
        epoch=action.epoch,
        state=ExecutionState.PENDING,
        cause=cause,
        triggered_at=now,
        expires_at=now + lasts,
        observation=observation,
        trace_id=new_id(),
    )
    action.epoch += 1
    if verdict is not None:
        execution.details = {"conditions": verdict.as_json()}
    if verdict is None or verdict.holds:
        if cause == "trigger":
            awaiting_open.wait(execution, now=now)
        action.executions_count += 1
        action.last_triggered_at = now
    else:
        execution.state, execution.finished_at, execution.expires_at = ExecutionState.SKIPPED, now, now
        execution.reason_code, execution.error = verdict.reason_code, verdict.text[:400]
    return execution


def record(executions: Sequence[ActionExecution], *, now: datetime) -> None:
    """Save executions and the actions they moved on, tell the owners, and wake the executors after commit."""
    if not executions:
        return
    insert(ActionExecution, executions)
    _save_actions([execution.action for execution in executions])
    raise_alerts([_alert(execution) for execution in executions if execution.action.mode != Mode.MONITOR], now)
    announce_many([_announcement(execution) for execution in executions], now)
    to_do = sum(execution.finished_at is None for execution in executions)
    for _ in range(min(MOST_EXECUTORS, -(-to_do // ENOUGH_FOR_ONE))):
        nudge("automation.execute", queue="trading")


def _save_actions(actions: Sequence[Action]) -> None:
    columns = zip(
        *((a.id, a.epoch, a.executions_count, a.last_triggered_at, a.next_evaluation_at) for a in actions),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE automation_action a
            SET epoch = n.epoch, executions_count = n.count, last_triggered_at = n.at, next_evaluation_at = n.next
            FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::timestamptz[], %s::timestamptz[])
                 AS n(id, epoch, count, at, next)
            WHERE a.id = n.id
            """,
            [list(column) for column in columns],
        )


def seen_sentence(execution: ActionExecution) -> str:
    """What was seen at the firing, in words."""
    seen = execution.observation
    late = seen.get("late_seconds", 0)
    due = f"{seen.get('due_at', '')}{f', {late // 60} min late' if late >= 60 else ''}"
    if execution.cause == "manual":
        missed = f" for the missed time {due}" if "due_at" in seen else ""
        return f"executed by {seen.get('by', 'a person')}{missed}"
    if "hook_call" in seen:
        return "a call of its webhook"
    return _values(execution.action, seen) if seen.get("level") else due


def _values(action: Action, seen: dict[str, Any]) -> str:
    """The value and its level, rounded as a person reads them; what is stored stays exact."""
    measure = measure_of(action.trigger_type, action.trigger_params, action.instrument_id or "the portfolio's")
    price = f"price {dollars(price_of(seen['price']))}, " if seen.get("price") else ""
    if measure.pulse:
        return f"{price}the averages crossed"
    value, level = Decimal(str(seen["value"])), Decimal(str(seen["level"]))
    if measure.suffix == " %":
        value = round(value, 2) + 0
    if measure.money and not measure.prefix:
        return f"price {dollars(price_of(value))} against {dollars(level)}"
    return f"{price}{measure.text(value)} against {measure.text(level)}"


def price_of(text: Any) -> Decimal:
    """A stored price to the cent, below a dollar to a hundredth of one."""
    exact = Decimal(str(text))
    return round(exact, 2 if exact >= 1 else 4)


def _alert(execution: ActionExecution) -> NewAlert:
    action = execution.action
    if execution.finished_at is not None:
        return NewAlert(
            user_id=action.user_id,
            kind=Alert.Kind.NOTE,
            title=f"Skipped: {effect_sentence(action)} ({execution.reason_code})",
            body=f"{trigger_sentence(action)}. Seen: {seen_sentence(execution)}. {execution.error}",
            symbol=action.instrument_id or "",
            data={"action": str(action.id), "execution": str(execution.id)},
            dedupe_key=f"skipped:{execution.id}",
            trace_id=execution.trace_id,
        )
    return NewAlert(
        user_id=action.user_id,
        kind=Alert.Kind.FIRING,
        title=f"Fired: {effect_sentence(action)} {when_sentence(action)}"[:200],
        body=f"Seen: {seen_sentence(execution)}. Mode: {action.get_mode_display()}.",
        symbol=action.instrument_id or "",
        data={"action": str(action.id), "execution": str(execution.id)},
        dedupe_key=f"fired:{execution.id}",
        trace_id=execution.trace_id,
    )


def _announcement(execution: ActionExecution) -> Announcement:
    return Announcement(
        user_id=execution.action.user_id,
        topic="executions",
        kind="fired" if execution.finished_at is None else str(execution.state),
        payload={
            "action": str(execution.action_id),
            "execution": str(execution.id),
            "state": execution.state,
            "symbol": execution.action.instrument_id,
        },
        trace_id=execution.trace_id,
    )
