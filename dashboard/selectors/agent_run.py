"""One run of the agent: its steps in words, its report, its proposals and drafts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from agent.models import AgentRun, AgentStep, RunState, Suggestion
from agent.starting import OPEN, run_of
from common.errors import NotFound
from dashboard.agent_words import readable, result_words, tool_words
from dashboard.selectors.agent import STATE_TONES, STATE_WORDS, proposals_of, why_words

Kind = AgentStep.Kind
MOST_STEPS = 400
# How `agent.concluding` writes a proposal down: buy MSFT (0.85): why.
PROPOSED = re.compile(r"(?P<what>(?:buy|sell) \S+) \((?P<sure>[01](?:\.\d+)?)\): (?P<why>.*)", re.DOTALL)
LONGEST_SHOWN = 1500  # characters of a model's text; the rest is in the details
TITLES = {
    Kind.PROMPT: "Is given the facts and the question",
    Kind.RETRY: "The model did not answer; it tries again",
    Kind.BUDGET: "A limit stops the run",
    Kind.REPORT: "Reports",
    Kind.ERROR: "Something went wrong",
}
ICONS = {
    Kind.PROMPT: "file", Kind.MODEL: "agent", Kind.TOOL: "search", Kind.RETRY: "clock", Kind.BUDGET: "stop",
    Kind.PROPOSAL: "balance", Kind.REPORT: "check", Kind.ERROR: "warning",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StepView:
    """A step as the page tells it. `asks`: what the model wants done next. `folded`: there is more to unfold."""

    number: int
    kind: str
    icon: str
    title: str
    text: str
    line: str
    asks: list[str]
    tokens: int
    cost: Decimal
    seconds: float
    failed: bool
    folded: bool
    at: datetime


def steps_of(run: AgentRun, *, after: int = 0) -> list[StepView]:
    """The steps after a number, in order."""
    found = AgentStep.objects.filter(run=run, number__gt=after).order_by("number")[:MOST_STEPS]
    return [step_view(step) for step in found]


def step_view(step: AgentStep) -> StepView:
    kind, output = Kind(step.kind), step.output
    text = step.text
    if kind == Kind.PROMPT:
        text = ""
    elif kind == Kind.PROPOSAL and (proposed := PROPOSED.match(text)):
        text = proposed["why"]
    elif kind in (Kind.RETRY, Kind.BUDGET, Kind.ERROR) and not text:
        text = step.name
    return StepView(
        number=step.number,
        kind=step.kind,
        icon=ICONS[kind],
        title=_title(step, kind),
        text=text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + " …",
        line=result_words(step.name, output) if kind == Kind.TOOL else _waits(output) if kind == Kind.PROPOSAL else "",
        asks=_asks(output) if kind == Kind.MODEL else [],
        tokens=step.tokens_in + step.tokens_out,
        cost=step.cost,
        seconds=step.milliseconds / 1000,
        failed=step.failed,
        folded=kind in (Kind.PROMPT, Kind.TOOL, Kind.MODEL),
        at=step.at,
    )


def _title(step: AgentStep, kind: Kind) -> str:
    if kind == Kind.TOOL:
        return tool_words(step.name, step.input)
    if kind == Kind.MODEL:
        return "Thinks" if step.text else "Decides what to look at"
    if kind == Kind.PROPOSAL:
        found = PROPOSED.match(step.text)
        sure = f"to {found['what']}, {Decimal(found['sure']) * 100:.0f}% sure" if found else f"a trade of {step.name}"
        return f"Proposes {sure}"
    return TITLES[kind]


def _asks(output: Any) -> list[str]:
    calls = output.get("calls", ()) if isinstance(output, Mapping) else ()
    return [tool_words(str(call.get("name", "")), call.get("arguments")) for call in calls if isinstance(call, Mapping)]


def _waits(output: Any) -> str:
    why = output.get("waits_because", "") if isinstance(output, Mapping) else ""
    return f"It waits for you: {why_words(why)}." if why else "It goes to the safety gate."


def step_details(user: User, run_id: UUID, number: str) -> dict[str, Any]:
    """Everything of one step: laid out, and as it is stored. Raises NotFound."""
    step = AgentStep.objects.filter(run=run_of(user, run_id), number=number if number.isdigit() else 0).first()
    if step is None:
        raise NotFound(f"There is no step {number} of this run.")
    stored = {"given": step.input, "answer": step.output}
    return {
        "step": step,
        "given": readable(step.input) if step.input else None,
        "answer": readable(step.output) if step.output and step.kind == Kind.TOOL else None,
        "raw": json.dumps({key: value for key, value in stored.items() if value is not None}, indent=1) or "",
    }


def state_of(run: AgentRun, *, now: datetime) -> dict[str, Any]:
    """Where the run stands, its cost so far included."""
    rows = list(AgentStep.objects.filter(run=run).values_list("number", "cost", "tokens_in", "tokens_out"))
    end = run.finished_at or now
    return {
        "run": run,
        "open": run.state in OPEN,
        "state_words": STATE_WORDS[RunState(run.state)],
        "state_tone": STATE_TONES.get(run.state, ""),
        "cost": max(run.cost, sum((cost for _, cost, _, _ in rows), Decimal(0))),
        "tokens": sum(one + other for _, _, one, other in rows),
        "count": len(rows),
        "seconds": max(0.0, (end - run.started_at).total_seconds()) if run.started_at else None,
    }


def run_detail(user: User, run_id: UUID, *, now: datetime) -> dict[str, Any]:
    """The page of a run. Raises NotFound."""
    run = run_of(user, run_id)
    steps = steps_of(run)
    return {
        **state_of(run, now=now),
        "steps": steps,
        "last": steps[-1].number if steps else 0,
        **outcome_of(run, now=now),
    }


def outcome_of(run: AgentRun, *, now: datetime) -> dict[str, Any]:
    """The report with what came of it."""
    stored = run.report or {}
    proposed = AgentStep.objects.filter(run=run, kind=Kind.PROPOSAL).values_list("output", flat=True)
    why = {
        str(one["suggestion"]): why_words(str(one["waits_because"])) for one in proposed if one and "suggestion" in one
    }
    suggestions = Suggestion.objects.filter(run=run).order_by("created_at", "pk")
    done: Iterable[Mapping[str, Any]] = run.actions_taken
    return {
        "report": stored.get("report"),
        "stored": stored,
        "proposals": proposals_of(suggestions, now=now, why=why),
        "drafts": [one["draft"] for one in done if one.get("kind") == "draft"],
        "rules_changed": [one for one in done if str(one.get("kind", "")).startswith("rule_")],
        "in_chat": [one for one in done if one.get("kind") == "draft_in_chat"],
    }
