"""The agent's front page: what it may do, what it spent, its runs, and the proposals that wait for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet

from accounts.models import User
from agent.budget import standing
from agent.configuring import config_of
from agent.models import AgentConfig, AgentRun, AgentStep, Provider, RunMode, RunState, Suggestion, SuggestionState
from agent.starting import OPEN, runs_of
from automation.scheduling.models import ScheduledJob
from orders.models import Order
from safety import switch

PAGE = 20
MOST_WAITING = 10
ANALYSIS = "ai_analysis"
MAY = {
    RunMode.REPORT: "It looks and reports. It proposes no trades.",
    RunMode.SUGGEST: "It may propose trades. Each one waits for you.",
    RunMode.EXECUTE: "Proposals it is sure enough of go to the safety gate by themselves. All others wait for you.",
}
STATE_WORDS = {
    RunState.QUEUED: "Waiting for a worker",
    RunState.RUNNING: "At work",
    RunState.SUCCEEDED: "Reported",
    RunState.STOPPED: "Stopped by a limit",
    RunState.FAILED: "Failed",
    RunState.CANCELLED: "Stopped by you",
}
STATE_TONES = {"queued": "info", "running": "info", "succeeded": "good", "stopped": "warn", "failed": "bad"}


@dataclass(frozen=True, kw_only=True)
class Meter:
    """A budget as a bar: dollars, and widths in percent of the limit."""

    name: str
    spent: Decimal
    reserved: Decimal
    limit: Decimal

    @property
    def left(self) -> Decimal:
        return max(Decimal(0), self.limit - self.spent - self.reserved)

    @property
    def spent_width(self) -> Decimal:
        return self._width(self.spent)

    @property
    def reserved_width(self) -> Decimal:
        return min(self._width(self.reserved), 100 - self.spent_width)

    @property
    def near(self) -> bool:
        return self.spent_width + self.reserved_width >= 80

    def _width(self, amount: Decimal) -> Decimal:
        if not self.limit:
            return Decimal(100 if amount else 0)
        return min(Decimal(100), amount * 100 / self.limit).quantize(Decimal("0.1"))


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A suggestion with what became of it. `why`: why it waits for a person."""

    suggestion: Suggestion
    order: Order | None
    waits: bool
    outcome: str
    tone: str
    note: str


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run in the list."""

    run: AgentRun
    words: str
    tone: str
    headline: str
    steps: int
    proposals: int


def standing_of(user: User, *, now: datetime) -> dict[str, Any]:
    """How the agent works for this user at the moment."""
    config = config_of(user, now=now)
    found = standing(config, now=now)
    return {
        "config": config,
        "offline": config.provider == Provider.OFFLINE,
        "may": MAY[RunMode(config.mode)],
        "meters": [
            Meter(name="Today", spent=found.day_spent, reserved=found.day_reserved, limit=found.day),
            Meter(name="This month", spent=found.month_spent, reserved=found.month_reserved, limit=found.month),
        ],
        "killed": "agent" in switch.view(user_id=user.pk, agent=True).killed,
        "jobs": list(ScheduledJob.objects.filter(user=user, job_type=ANALYSIS).order_by("created_at")[:5]),
    }


def run_page(user: User, number: str) -> Page[Any]:
    """The runs, newest first, with how many steps and proposals each has."""
    found: Page[Any] = Paginator(runs_of(user).defer("actions_taken", "usage"), PAGE).get_page(number)
    runs = list(found.object_list)
    steps = _counted(AgentStep.objects.filter(run__in=runs))
    proposals = _counted(Suggestion.objects.filter(run__in=runs))
    found.object_list = [
        RunRow(
            run=run,
            words=STATE_WORDS[RunState(run.state)],
            tone=STATE_TONES.get(run.state, ""),
            headline=headline_of(run),
            steps=steps.get(run.pk, 0),
            proposals=proposals.get(run.pk, 0),
        )
        for run in runs
    ]
    return found


def _counted(rows: QuerySet[Any]) -> dict[Any, int]:
    """Run -> how many."""
    return dict(rows.order_by().values_list("run").annotate(Count("pk")))


def headline_of(run: AgentRun) -> str:
    """What the run said in one paragraph, or why it said nothing."""
    if run.report:
        return str(run.report["report"]["summary"])
    return "" if run.state in OPEN else run.error


def latest_report(user: User) -> AgentRun | None:
    """The newest run that came to its report."""
    return runs_of(user).filter(state=RunState.SUCCEEDED).exclude(report=None).first()


def waiting_proposals(user: User, *, now: datetime) -> list[Proposal]:
    """What waits for this user, the most urgent first."""
    waiting = Suggestion.objects.filter(user=user, state=SuggestionState.PROPOSED, expires_at__gt=now)
    return proposals_of(waiting.order_by("expires_at")[:MOST_WAITING], now=now)


def proposals_of(found: Any, *, now: datetime, why: dict[str, str] | None = None) -> list[Proposal]:
    """Suggestions with their orders. Two queries."""
    suggestions: Sequence[Suggestion] = list(found)
    orders = Order.objects.in_bulk([one.order_id for one in suggestions if one.order_id])
    return [_proposal(one, orders.get(one.order_id), now, (why or {}).get(str(one.pk), "")) for one in suggestions]


def _proposal(one: Suggestion, order: Order | None, now: datetime, why: str) -> Proposal:
    waits = one.state == SuggestionState.PROPOSED and one.expires_at > now
    outcome, tone = _outcome(one, order, waits)
    return Proposal(
        suggestion=one, order=order, waits=waits, outcome=outcome, tone=tone, note=(why if waits else "") or one.reason
    )


def why_words(why: str) -> str:
    """Why a proposal waits, for its owner."""
    return "in this mode you decide on each" if why == "the run only proposes" else why


def _outcome(one: Suggestion, order: Order | None, waits: bool) -> tuple[str, str]:
    if waits:
        return "Waits for you", "warn"
    if one.state == SuggestionState.PLACED and order is not None:
        tones = {"filled": "good", "blocked": "bad", "rejected": "bad", "awaiting_approval": "warn"}
        return f"Order: {order.get_state_display().lower()}", tones.get(order.state, "info")
    return {
        SuggestionState.PLACED: ("Placed", "info"),
        SuggestionState.DENIED: ("Denied by the safety gate", "bad"),
        SuggestionState.REFUSED: ("Not possible", "bad"),
        SuggestionState.DISMISSED: ("You said no", ""),
    }.get(SuggestionState(one.state), ("Expired", ""))


def modes_up_to(config: AgentConfig) -> list[tuple[str, str]]:
    """The modes a run may be started in: no bolder than the settings."""
    order = list(RunMode)
    return [(str(mode.value), str(mode.label)) for mode in order[: order.index(RunMode(config.mode)) + 1]]
