"""History entries of what came of firings: carried out, denied with the check and its values, failed, tried again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from automation import arming, tracing
from automation import trace_lines as lines
from automation.effects.base import Done
from automation.models import Action, ActionExecution, ActionStatus, ExecutionState
from automation.sentences import effect_sentence
from automation.trace_kinds import Kind
from automation.tracing import Entry
from watches.models import Phase, Watch


def ended(results: Sequence[tuple[ActionExecution, Done]], *, now: datetime) -> None:
    """Executions that came to their end, after their actions have moved on. Two or three statements a batch."""
    if not results:
        return
    denials = _denials([str(done.details.get("order", "")) for _, done in results if done.state == BLOCKED])
    unlucky = [row.action_id for row, done in results if done.state != ExecutionState.SUCCEEDED]
    retries = _retries(unlucky)
    entries: list[Entry] = []
    for row, done in results:
        entries.append(_ended(row, done, denials, now))
        if done.state != ExecutionState.SUCCEEDED:
            entries += _then(row.action, retries, now)
    tracing.write(entries)


BLOCKED = ExecutionState.BLOCKED


def _ended(row: ActionExecution, done: Done, denials: dict[str, dict[str, Any]], now: datetime) -> Entry:
    action, order = row.action, str(done.details.get("order", ""))
    data: dict[str, Any] = {**tracing.links(row), "state": str(done.state)}
    if order:
        data["order"] = order
    if done.reason_code:
        data["code"] = done.reason_code
    if done.error:
        data["message"] = done.error
    if order in denials:
        check = denials[order]
        data.update(check=check.get("check"), values=check.get("values", {}))
    kind, line = _told(action, done)
    return Entry(action_id=action.id, kind=kind, at=now, epoch=row.epoch, line=line, data=data)


def _told(action: Action, done: Done) -> tuple[Kind, str]:
    if done.state == ExecutionState.SUCCEEDED:
        completed = action.status == ActionStatus.COMPLETED
        what = {"recorded": "recorded only", "told": "told"}.get(
            str(done.details.get("effect")), effect_sentence(action)
        )
        line = lines.done(what, executions=action.executions_count, maximum=action.max_executions, completed=completed)
        return (Kind.COMPLETED if completed else Kind.DONE), line
    if done.state == ExecutionState.BLOCKED:
        return Kind.DENIED, lines.denied(done.reason_code, done.error)
    if done.state == ExecutionState.FAILED:
        return Kind.FAILED, lines.failed(done.reason_code, done.error)
    return Kind.NOT_DONE, lines.not_done(done.reason_code, done.error)


def _then(action: Action, retries: dict[UUID, datetime], now: datetime) -> list[Entry]:
    """What the rule does after an execution that came to nothing."""
    if action.status == ActionStatus.FAILED:
        line = f"stopped, a person must look at it: {action.status_reason}"
        return [Entry(action_id=action.id, kind=Kind.STOPPED, at=now, epoch=action.epoch, line=line)]
    if action.status != ActionStatus.ACTIVE or action.id not in retries:
        return []
    at = retries[action.id]
    return [
        Entry(
            action_id=action.id,
            kind=Kind.RETRY_SET,
            at=now,
            epoch=action.epoch,
            line=lines.retry_set(at),
            data={"again_at": at.isoformat()},
        )
    ]


def _retries(action_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When these rules try again."""
    if not action_ids:
        return {}
    waiting = Watch.objects.filter(owner_kind=arming.OWNER, owner_id__in=action_ids, phase=Phase.RETRY)
    return {owner: at for owner, at in waiting.values_list("owner_id", "rearm_at") if at is not None}


def _denials(order_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The check that denied each order, with the values it saw. The whole verdict stays where it is."""
    wanted = [order for order in order_ids if order]
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, jsonb_path_query_first(verdict, '$[*] ? (@.outcome == \"deny\")')->>'check',"
            " jsonb_path_query_first(verdict, '$[*] ? (@.outcome == \"deny\").values')::text"
            " FROM orders_order WHERE id = ANY(%s::uuid[])",
            [wanted],
        )
        return {row[0]: {"check": row[1], "values": json.loads(row[2] or "{}")} for row in cursor.fetchall() if row[1]}
