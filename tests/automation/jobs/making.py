"""A run of a job type at a made-up time, without a schedule around it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from automation.jobs.base import JobContext, JobOutcome
from automation.jobs.registry import JOB_TYPES
from common.ids import new_id
from tests.orders.making import NOW, Desk

JOB = new_id()


def context(desk: Desk, kind: str, config: dict[str, Any], now: datetime = NOW, **changes: Any) -> JobContext:
    lines: list[str] = changes.pop("lines", [])
    return JobContext(
        **{
            "user": desk.user,
            "portfolio": desk.portfolio,
            "config": JOB_TYPES[kind].parse(config),
            "now": now,
            "due_at": now,
            "job_id": JOB,
            "run_id": new_id(),
            "trace_id": new_id(),
            "log": lines.append,
            **changes,
        }
    )


def run(desk: Desk, kind: str, now: datetime = NOW, *, previous: Any = None, **config: Any) -> JobOutcome:
    found = context(desk, kind, config, now, previous=previous or {})
    return JOB_TYPES[kind].run(found)
