"""Judge an order of the past again, under the limits of today and under others. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from safety.facts import restore
from safety.gate import judge
from safety.types import Outcome, PolicyView, ProposedOrder, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What the gate says: pass, needs_approval or deny; the code and the reason that decide."""

    outcome: str
    code: str = ""
    message: str = ""


def compare(
    order: ProposedOrder, facts: Mapping[str, Any], *, present: PolicyView, changed: PolicyView
) -> tuple[Judged, Judged]:
    """(under `present`, under `changed`), each from the facts of when the order was placed."""
    return (
        _judged(judge(order, restore(facts, order, present))),
        _judged(judge(order, restore(facts, order, changed))),
    )


def _judged(verdict: Verdict) -> Judged:
    deciding = verdict.denial or verdict.approval
    if deciding is None:
        return Judged(outcome=Outcome.PASS.value)
    return Judged(outcome=verdict.outcome.value, code=deciding.code, message=deciding.message)
