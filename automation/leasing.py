"""Long work as rows: waiting, claimed under a lease, reported, handed on, ended. For replays, backtests and the agent.

The row is the truth: a task may be lost, doubled or late. Whoever holds the lease owns the row; one that finds it taken
or cancelled stops. A row has `state`, `lease_until`, `created_at`, `started_at`, `finished_at`, `done_steps`,
`total_steps`, `result` and `error`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from common.clock import now as clock_now
from common.enqueue import nudge

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
OPEN = (QUEUED, RUNNING)
LEASE = timedelta(seconds=30)
REPORT_SECONDS = 0.5
TURN_SECONDS = 25  # well below the task's time limit: then the rest goes back into the queue
PATIENCE = timedelta(seconds=5)  # younger than this, a nudge is probably still on its way
QUEUE = "jobs"

Run = TypeVar("Run", bound=Model)


@dataclass(frozen=True)
class Leases(Generic[Run]):
    """The rows of `model`, and the `task` that carries one out on `queue`, given its `run_id`."""

    model: type[Run]
    task: str
    queue: str = QUEUE

    def send(self, run_id: UUID) -> None:
        """Wake a worker, once the transaction commits."""
        nudge(self.task, queue=self.queue, run_id=str(run_id))

    def nudge_left_behind(self, now: datetime) -> int:
        """Wake a worker for runs that none has taken, or whose worker is gone. Returns how many."""
        left = self._rows.filter(
            Q(state=QUEUED, created_at__lt=now - PATIENCE) | Q(state=RUNNING, lease_until__lte=now)
        ).order_by("created_at")
        found = list(left.values_list("pk", flat=True)[:20])
        for run_id in found:
            self.send(run_id)
        return len(found)

    def claim(self, run_id: UUID, *, now: datetime, **changes: Any) -> bool:
        """Take a run that waits, or that its worker left behind; False: somebody has it, or it has ended."""
        waiting = Q(state=QUEUED) | Q(state=RUNNING, lease_until__lte=now)
        taken = self._rows.filter(waiting, pk=run_id).update(
            state=RUNNING, lease_until=now + LEASE, started_at=Coalesce("started_at", Value(now)), **changes
        )
        return bool(taken)

    def report(self, run: Any, done: int, result: dict[str, Any]) -> bool:
        """Say how far it is and extend the lease. False: it is not ours any more."""
        until = clock_now() + LEASE
        if not self._mine(run).update(done_steps=done, result=result, lease_until=until):
            return False
        run.lease_until = until
        return True

    def hand_on(self, run: Any) -> None:
        """Put the rest back into the queue: a task may not run for ever, and others want their turn."""
        if self._mine(run).update(state=QUEUED, lease_until=None):
            self.send(run.pk)

    def finish(self, run: Any, state: str, *, result: dict[str, Any] | None = None, error: str = "") -> bool:
        """Record the end, if it is still ours."""
        changes: dict[str, Any] = {"state": state, "error": error, "finished_at": clock_now(), "lease_until": None}
        if result is not None:
            changes |= {"result": result, "done_steps": F("total_steps")}
        return bool(self._mine(run).update(**changes))

    def cancel(self, run: Any, *, now: datetime) -> bool:
        """End a run that is under way; False: it has ended already."""
        under_way = self._rows.filter(pk=run.pk, state__in=OPEN)
        return bool(under_way.update(state=CANCELLED, finished_at=now, lease_until=None))

    @property
    def _rows(self) -> QuerySet[Run]:
        return self.model._default_manager.all()

    def _mine(self, run: Any) -> QuerySet[Run]:
        return self._rows.filter(pk=run.pk, state=RUNNING, lease_until=run.lease_until)
