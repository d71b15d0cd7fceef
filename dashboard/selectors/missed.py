"""Times that rules missed while Puffling was down."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from automation.models import Missed
from automation.sentences import sentence

SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class MissedRow:
    """A missed time with its rule in words."""

    missed: Missed
    sentence: str


def missed_of(user: User) -> dict[str, list[MissedRow]]:
    """The questions that wait for an answer, and the latest other missed times: two queries."""
    mine = Missed.objects.filter(action__user=user).select_related("action").order_by("-due_at", "-pk")
    return {
        "questions": _rows(list(mine.filter(outcome=Missed.Outcome.ASKED)[:SHOWN])),
        "missed": _rows(list(mine.exclude(outcome=Missed.Outcome.ASKED)[:SHOWN])),
    }


def _rows(missed: list[Missed]) -> list[MissedRow]:
    return [MissedRow(missed=row, sentence=sentence(row.action)) for row in missed]
