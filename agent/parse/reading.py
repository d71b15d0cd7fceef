"""The door: read a sentence for a user, and hold its drafts against what a rule must be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from agent.parse.grammar import parse
from agent.parse.looking_up import ExchangeSessions, InstalledNames
from agent.parse.types import Notes, Parsed, Reading
from automation.preflight.reviewing import Review, review
from automation.strategies.models import Strategy
from common.errors import InvalidInput
from portfolios.models import PortfolioGoal


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What was read, and each complete draft read back as a rule (in the order of the drafts)."""

    parsed: Parsed
    reviews: tuple[Review, ...] = ()


def read_sentence(*, user: User, text: str, now: datetime, portfolio_id: UUID | None = None) -> Understood:
    """Drafts of rules, or questions, or a refusal. Nothing is written; a draft that cannot be made is asked about."""
    names = InstalledNames(user, goals=goals_of, strategies=strategies_of)
    parsed = parse(text, Reading(names=names, sessions=ExchangeSessions(), now=now, zone=user.time_zone))
    if portfolio_id is not None:
        parsed = replace(parsed, drafts=tuple({**draft, "portfolio": str(portfolio_id)} for draft in parsed.drafts))
    if not parsed.complete:
        return Understood(parsed=parsed)
    reviews: list[Review] = []
    notes = Notes(questions=list(parsed.questions))
    for draft in parsed.drafts:
        try:
            reviews.append(review(user=user, data=draft, now=now))
        except InvalidInput as wrong:
            for field, messages in wrong.errors.items():
                notes.ask(field, " ".join(messages))
    if notes.questions:
        return Understood(parsed=replace(parsed, questions=tuple(notes.questions)))
    return Understood(parsed=parsed, reviews=tuple(reviews))


def goals_of(user: User) -> Mapping[str, str]:
    """Name in lower case -> id of the user's goals. A name that two portfolios use is left out: it would be a guess."""
    return _once(PortfolioGoal.objects.filter(portfolio__user=user, archived_at=None).values_list("name", "pk"))


def strategies_of(user: User) -> Mapping[str, str]:
    """Name in lower case -> id of the user's strategies."""
    return _once(Strategy.objects.filter(user=user, archived_at=None).values_list("name", "pk"))


def _once(rows: Iterable[tuple[str, UUID]]) -> Mapping[str, str]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, pk in rows:
        found[name.strip().lower()].append(str(pk))
    return {name: ids[0] for name, ids in found.items() if name and len(ids) == 1}


def as_json(understood: Understood) -> dict[str, Any]:
    """As the API says it."""
    parsed = understood.parsed
    return {
        "text": parsed.text,
        "complete": parsed.complete,
        "drafts": [dict(draft) for draft in parsed.drafts],
        "sentences": [one.explanation.sentence for one in understood.reviews],
        "warnings": [warning for one in understood.reviews for warning in one.explanation.warnings],
        "understood": list(parsed.understood),
        "assumed": list(parsed.assumed),
        "questions": [
            {"field": question.field, "text": question.text, "options": list(question.options)}
            for question in parsed.questions
        ],
        "refused": None if parsed.refused is None else {"code": parsed.refused.code, "text": parsed.refused.text},
        "offline": True,
    }
