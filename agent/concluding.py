"""What a run leaves when it ends: its trades as proposals, some of them placed, and its drafts for a person.

A trade is proposed by the report or by the tool propose_order; each is judged the same, once, here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agent import proposing
from agent.configuring import config_of
from agent.grounding import ungrounded
from agent.models import AgentRun, AgentStep, RunMode, Suggestion, SuggestionState
from agent.report import Suggested
from agent.using import Toolbox


def propose_all(run: AgentRun, suggested: Sequence[Suggested], toolbox: Toolbox, *, now: datetime) -> list[str]:
    """Write the report's suggestions down, and place what may be placed. Returns what was refused, with the reason.

    For a run that came to its report: what another had proposed by then waits for a person.
    """
    if run.mode == RunMode.REPORT:
        return []
    by_tool = list(Suggestion.objects.filter(run=run, state=SuggestionState.PROPOSED).order_by("created_at"))
    refused: list[str] = []
    proposals = [_grounded(one, toolbox) for one in by_tool]
    named = {(one.symbol, one.side) for one in by_tool}
    for one in suggested:
        if (one.symbol.upper(), one.side) in named:
            refused.append(f"{one.side} {one.symbol.upper()}: the run had proposed it already")
            continue
        loose = tuple(ungrounded([one.rationale], sources=toolbox.seen))
        suggestion, problem = proposing.propose(run=run, suggested=one, now=now, ungrounded=loose)
        if suggestion is None:
            refused.append(problem)
        else:
            proposals.append(suggestion)
    for suggestion in proposals:
        _conclude(run, suggestion, toolbox, now)
    return refused


def _grounded(suggestion: Suggestion, toolbox: Toolbox) -> Suggestion:
    """A tool cannot know what the run has seen: its rationale is checked now."""
    loose = ungrounded([suggestion.rationale], sources=toolbox.seen)
    if loose:
        suggestion.reason = f"not in any tool result: {', '.join(loose)}"[:400]
        suggestion.save(update_fields=["reason"])
    return suggestion


def _conclude(run: AgentRun, suggestion: Suggestion, toolbox: Toolbox, now: datetime) -> None:
    """Tell the proposal, and place it if nothing asks for a person. The settings are read again."""
    why = proposing.may_execute(run, suggestion, config_of(run.user, now=now))
    toolbox.recorder.add(
        AgentStep.Kind.PROPOSAL,
        name=suggestion.symbol,
        text=f"{suggestion.side} {suggestion.symbol} ({suggestion.confidence}): {suggestion.rationale}",
        result={"suggestion": str(suggestion.pk), "waits_because": why},
    )
    if why:
        return
    order = proposing.place_suggestion(suggestion, now=now)
    if order is not None:
        toolbox.done.append({"kind": "order", "id": str(order.pk), "state": order.state})


def hand_over(run: AgentRun, done: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(what the run keeps as done, cards for its conversation): a draft is answered at one place only."""
    if run.conversation_id is None:
        return list(done), []
    kept, cards = [], []
    for one in done:
        if one["kind"] == "draft":
            cards.append(one["draft"])
            one = {"kind": "draft_in_chat", "card": one["draft"]["card"], "sentence": one["draft"]["sentence"]}
        kept.append(one)
    return kept, cards
