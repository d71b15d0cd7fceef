"""What the overview says beside prices: the next jobs, the agent's notes, what waits for a person, signs of life."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from agent.models import AgentRun, RunState
from automation.rebalancing.scheduling import next_due
from automation.scheduling.models import ScheduledJob
from orders.models import Order
from orders.states import OrderState

JOBS, NOTES, WAITING = 3, 3, 3
PROCESSES = {
    "sweeper": "Safety sweeper",
    "evaluate": "Rule engine",
    "beat": "Scheduler",
    "workers": "Workers",
}


def next_jobs(user: User) -> list[ScheduledJob]:
    """One query."""
    jobs = ScheduledJob.objects.filter(user=user, enabled=True, next_due_at__isnull=False)
    return list(jobs.order_by("next_due_at", "pk")[:JOBS])


def next_rebalances(goals: list[dict[str, Any]], *, now: datetime) -> list[dict[str, Any]]:
    """Of goals with drifts: those outside their bands, and when a schedule looks again. No query."""
    return [{**one, "due": next_due(one["goal"], now)} for one in goals]


def latest_notes(user: User) -> list[dict[str, Any]]:
    """The first words of the agent's newest reports. One query."""
    ended = AgentRun.objects.filter(user=user, report__isnull=False).exclude(
        state__in=[RunState.QUEUED, RunState.RUNNING]
    )
    runs = ended.order_by("-created_at").only("id", "report", "question", "created_at", "finished_at", "state")[:NOTES]
    return [
        {"run": run, "text": headline(report), "offline": report.get("offline", False)}
        for run in runs
        for report in [run.report or {}]
    ]


def headline(report: Mapping[str, Any]) -> str:
    """The first sentence of the summary."""
    summary = str((report.get("report") or {}).get("summary", "")).strip()
    first = summary.split("\n")[0]
    return first if len(first) <= 220 else f"{first[:219].rstrip()}…"


def waiting_for(user: User) -> dict[str, Any]:
    """Orders a person must decide on, those that expire first. Two queries."""
    waiting = Order.objects.filter(portfolio__user=user, state=OrderState.AWAITING_APPROVAL)
    found = list(waiting.order_by("expires_at", "pk")[: WAITING + 1])
    more = waiting.count() - WAITING if len(found) > WAITING else 0
    return {"awaiting": found[:WAITING], "more_awaiting": more}


def named(health: dict[str, Any]) -> dict[str, Any]:
    """The processes by the names people use."""
    return {**health, "beats": [{**beat, "name": process_name(beat["process"])} for beat in health["beats"]]}


def process_name(process: str) -> str:
    """feed:demo -> Price feed (demo)."""
    kind, _, which = process.partition(":")
    if kind == "feed":
        return f"Price feed ({which})" if which else "Price feed"
    return PROCESSES.get(process, process.replace("_", " ").replace(":", " ").capitalize())
