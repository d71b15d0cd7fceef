"""A rule as a tool shows it. What people wrote in it is fenced; the sentence is ours, unless it quotes them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from agent.fencing import Words
from automation.explaining import Explanation
from automation.models import Action
from common.money import plain


def written_in(action: Action) -> list[str]:
    """Texts people wrote that a sentence about the rule may quote: names of goals and strategies, the group."""
    found = [action.goal.name if action.goal is not None else "", action.group]
    params: list[Mapping[str, Any]] = [
        action.trigger_params,
        *(one.get("trigger_params", {}) for one in action.conditions),
    ]
    found += [str(one.get(key) or "") for one in params for key in ("label", "name")]
    return [text for text in found if text]


def sentence_of(action: Action, explained: Explanation, words: Words) -> str:
    """The rule's sentence."""
    return words.within(explained.sentence, written_in(action), "a rule that quotes a name")


def rule_as_json(action: Action, explained: Explanation, words: Words) -> dict[str, Any]:
    """A rule with where it stands; decimals as strings."""
    return {
        "id": str(action.pk),
        "symbol": action.instrument_id,
        "status": action.status,
        "mode": action.mode,
        "rule": sentence_of(action, explained, words),
        "name": words.of(action.name, "a rule's name"),
        "distance_percent": _text(explained.distance_percent, "0.01"),
        "fires_at": _text(explained.firing_price),
        "next_due": explained.next_due_at.isoformat(timespec="minutes") if explained.next_due_at else None,
        "executions": f"{action.executions_count} of {action.max_executions or 'any number'}",
    }


def _text(value: Decimal | None, step: str = "") -> str | None:
    if value is None:
        return None
    return plain(value.quantize(Decimal(step)) if step else value)
