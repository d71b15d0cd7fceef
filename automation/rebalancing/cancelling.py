"""A person stops a run: at once while nothing is ordered, else what is open is cancelled and the rest left out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.moving import move
from automation.rebalancing.states import OPEN, RunState
from automation.rebalancing.telling import tell_end
from common.enqueue import nudge
from common.errors import Conflict, NotFound

NOT_BEGUN = (RunState.PLANNED, RunState.AWAITING_APPROVAL)
CANCELLED = (RunState.CANCELLED, RunState.CANCELLED_MID_RUN)


def cancel(*, user: Any, run_id: UUID, actor: str, now: datetime) -> RebalanceRun:
    """Stop the run. Twice is harmless. Raises NotFound, Conflict when it is over already."""
    with transaction.atomic():
        rows = RebalanceRun.objects.select_for_update(of=("self",)).select_related("goal", "portfolio")
        run = rows.filter(pk=run_id, user=user).first()
        if run is None:
            raise NotFound(f"There is no run {run_id}.")
        if run.state in CANCELLED:
            return run
        if run.state not in OPEN:
            raise Conflict(f"The run is {RunState(run.state).label.lower()}: there is nothing left to cancel.")
        if run.stop_code:
            return run
        code, reason = "CANCELLED", f"Cancelled by {actor}."
        if run.state in NOT_BEGUN:  # whoever holds it under a lease finds it gone
            move(run, RunState.CANCELLED, now=now, stop_code=code, reason_code=code, reason=reason)
            tell_end(run, now=now)
            return run
        run.stop_code, run.stop_reason, run.due_at = code, reason, now
        run.save(update_fields=["stop_code", "stop_reason", "due_at"])
        nudge("automation.rebalance", queue="trading", run_ids=[str(run.pk)])
    return run
