"""Carry out firings: claim, group by portfolio, do the effect, record what became of it.

Every step may be repeated by another worker after a crash: the claim has a lease, the order an idempotency key.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from automation import awaiting_open, settling
from automation.effects.base import Done, Effect
from automation.effects.notify import NOTIFY
from automation.effects.registry import EFFECTS
from automation.models import OPEN_EXECUTIONS, ActionExecution, ActionStatus, ExecutionState, Mode
from common.errors import PufflingError
from orders.crashpoints import crash_point

log = logging.getLogger(__name__)
CHUNK = 100
LEASE = timedelta(seconds=20)


def execute_pending(*, now: datetime, limit: int = 100_000) -> int:
    """Carry out waiting executions, a chunk at a time, until none is left or `limit` were done."""
    done = 0
    while done < limit:
        chunk = claim(now=now, limit=CHUNK)
        if not chunk:
            break
        carry_out(chunk, now=now)
        done += len(chunk)
    return done


def claim(*, now: datetime, limit: int) -> list[ActionExecution]:
    """Take up to `limit` waiting executions of one portfolio, oldest first, for `LEASE`. Expired ones are ended."""
    with transaction.atomic():
        waiting = ActionExecution.objects.filter(
            Q(state=ExecutionState.PENDING) | Q(state=ExecutionState.RUNNING, lease_until__lte=now),
            Q(lease_until__isnull=True) | Q(lease_until__lte=now),
        )
        first = waiting.order_by("triggered_at").select_for_update(skip_locked=True).first()
        if first is None:
            return []
        chunk = list(
            waiting.filter(action__portfolio=first.action.portfolio_id)
            .select_related("action", "action__instrument")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("triggered_at", "id")[:limit]
        )
        ActionExecution.objects.filter(id__in=[e.id for e in chunk]).update(
            state=ExecutionState.RUNNING, lease_until=now + LEASE, attempts=F("attempts") + 1
        )
    return chunk


def carry_out(executions: Sequence[ActionExecution], *, now: datetime) -> None:
    """Do the effects of one portfolio's claimed executions and record the results."""
    crash_point("execution-claimed")
    live = []
    for execution in executions:
        gone = _no_longer(execution, now)
        if gone:
            settling.finish([(execution, gone)], now=now)
        else:
            live.append(execution)
    for effect, group in itertools.groupby(live, key=_effect):
        chosen = list(group)
        try:
            results = effect.carry_out(chosen, now=now)
        except PufflingError as error:
            log.exception("effect refused")
            results = [Done(state=ExecutionState.FAILED, reason_code=error.code, error=str(error)[:400])] * len(chosen)
        crash_point("effect-done")
        settling.finish(list(zip(chosen, results, strict=True)), now=now)
        # An order may have come to its end in another process while its execution was still under our lease: the
        # nudge to settle it came too early then, and no other follows.
        working = [e.id for e, done in zip(chosen, results, strict=True) if done.state in OPEN_EXECUTIONS]
        if working:
            settling.settle(working, now=now)


def _effect(execution: ActionExecution) -> Effect:
    if execution.action.mode != Mode.AUTO:
        return NOTIFY
    return EFFECTS[execution.action.action_type]


def _no_longer(execution: ActionExecution, now: datetime) -> Done | None:
    """Why an execution is not carried out any more, if so. One whose order may exist is always carried on."""
    if execution.attempts:
        return None
    if awaiting_open.edited_meanwhile(execution):
        return Done(state=ExecutionState.SKIPPED, reason_code="EDITED", error="The rule was edited after it fired.")
    if execution.expires_at <= now:
        return Done(
            state=ExecutionState.EXPIRED,
            reason_code="EXECUTION_EXPIRED",
            error=f"Not carried out by {execution.expires_at:%H:%M:%S} UTC: acting later would be a different trade.",
        )
    if execution.action.status == ActionStatus.PAUSED and execution.cause == "trigger":
        return Done(state=ExecutionState.SKIPPED, reason_code="PAUSED", error="The rule was paused after it fired.")
    if execution.action.status == ActionStatus.CANCELLED:
        return Done(
            state=ExecutionState.SKIPPED, reason_code="CANCELLED", error="The rule was cancelled after it fired."
        )
    return None
