"""What the sweeper does for rules every second: clocks, cooldowns, computed series, what a lost nudge left behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from automation import arming, clockwork, evaluating, executing, observing, settling, trace_watches
from automation.models import ActionExecution, ExecutionState
from common.giving_way import gives_way
from markets.models import Quote
from watches import crossing, following

# Younger than this, a nudge is probably still on its way to a worker.
PATIENCE = timedelta(seconds=2)


def sweep(now: datetime) -> None:
    """One pass. Each step is safe beside the workers: it claims what it touches."""
    clockwork.run_due(now=now)
    rearm(now)
    observing.observe(now=now)
    evaluate_left_behind(now)
    execute_left_behind(now)
    settling.settle(now=now)


@gives_way
def rearm(now: datetime) -> int:
    """Arm again what has cooled down, and show it the standing quotes: it may already be true."""
    rows = crossing.rearm_due(now)
    trace_watches.rearmed(rows, now=now)
    owners = [row.owner_id for row in rows if row.owner_kind == arming.OWNER]
    symbols = list(
        arming.Action.objects.filter(id__in=owners, instrument__isnull=False)
        .values_list("instrument_id", flat=True)
        .distinct()
    )
    arming.wake(symbols, now=now)
    return len(owners)


def evaluate_left_behind(now: datetime) -> int:
    """Evaluate quotes nobody evaluated in time: the nudge was lost, or Redis is down."""
    if not Quote.objects.filter(dirty=True, received_at__lt=now - PATIENCE).exists():
        return 0
    return evaluating.evaluate_quotes(now=now).fired


def execute_left_behind(now: datetime) -> int:
    """Carry out firings nobody carried out in time."""
    waiting = Q(state=ExecutionState.PENDING, triggered_at__lt=now - PATIENCE) | Q(
        state=ExecutionState.RUNNING, lease_until__lte=now
    )
    return executing.execute_pending(now=now) if ActionExecution.objects.filter(waiting).exists() else 0


def tidy(now: datetime) -> None:
    """Now and then: merge equal peak groups, forget series nobody uses."""
    del now
    with transaction.atomic():
        following.merge_equal_groups()
    with transaction.atomic():
        following.forget_unused_series()
