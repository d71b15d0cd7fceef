"""The one way a run changes: claimed under a lease, written only while the lease is ours, announced when it moves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q

from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.states import OPEN, TERMINAL, RunState, may_become
from automation.rebalancing.telling import announce
from common.errors import Conflict

LEASE = timedelta(seconds=60)  # longer than placing and sending a phase takes


def claim(
    *, now: datetime, run_ids: Collection[UUID] | None = None, due_by: datetime | None = None
) -> RebalanceRun | None:
    """Take one run for `LEASE`: one that is due (by `due_by`), or of `run_ids`, whose orders moved, due or not."""
    with transaction.atomic():
        waiting = RebalanceRun.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), state__in=OPEN)
        waiting = waiting.filter(due_at__lte=due_by or now) if run_ids is None else waiting.filter(pk__in=run_ids)
        locked = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("due_at", "pk")
        run = locked.select_related("goal", "portfolio").first()
        if run is None:
            return None
        run.lease_token, run.lease_until = uuid4(), now + LEASE
        RebalanceRun.objects.filter(pk=run.pk).update(
            lease_token=run.lease_token, lease_until=run.lease_until, attempts=F("attempts") + 1
        )
    return run


def let_go(run: RebalanceRun, *, due_at: datetime) -> None:
    """Give the run back; look at it again at `due_at`. Who cancelled it meanwhile wants it looked at sooner."""
    mine = RebalanceRun.objects.filter(pk=run.pk, lease_token=run.lease_token)
    mine.filter(stop_code="").update(due_at=due_at, lease_token=None, lease_until=None)
    mine.exclude(stop_code="").update(lease_token=None, lease_until=None)


def move(run: RebalanceRun, to: RunState, *, now: datetime, **values: Any) -> bool:
    """Take the run to `to` with these values; False when the lease is somebody else's by now.

    Raises Conflict for a step the states do not know. Call in the transaction of what belongs to the step.
    """
    old = RunState(run.state)
    if not may_become(old, to):
        raise Conflict(f"The run is {old.label.lower()} and cannot become {to.label.lower()}.")
    if to in TERMINAL:
        values |= {"finished_at": now, "lease_token": None, "lease_until": None}
    written = RebalanceRun.objects.filter(pk=run.pk, state=old, lease_token=run.lease_token)
    if not written.update(state=to, **values):
        return False
    run.state = to
    for name, value in values.items():
        setattr(run, name, value)
    announce(run, now=now)
    return True
