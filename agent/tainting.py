"""Which runs are tainted, for the gate."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from agent.models import AgentRun


def tainted_runs(run_ids: Collection[str]) -> frozenset[str]:
    """Those that are tainted, and those nobody knows: what cannot be looked up is not vouched for."""
    known = {}
    for text in run_ids:
        try:
            known[UUID(text)] = text
        except ValueError:
            continue
    clean = AgentRun.objects.filter(pk__in=list(known), tainted=False).values_list("pk", flat=True)
    return frozenset(run_ids) - {known[pk] for pk in clean}
