"""What a sentence is read with, and what it comes to. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol


class Names(Protocol):
    """What the words of a sentence may refer to."""

    def symbols(self, phrases: Sequence[str]) -> Mapping[str, str]:
        """Phrase (lower case, up to four words) -> symbol, for those that name exactly one known instrument."""

    def goals(self) -> Mapping[str, str]:
        """The user's goals: name in lower case -> id."""

    def strategies(self) -> Mapping[str, str]:
        """The user's strategies: name in lower case -> id."""

    def price(self, symbol: str) -> Decimal | None:
        """The last price, if there is one."""


class Sessions(Protocol):
    """The exchange's calendar."""

    def close_on_or_before(self, day: date) -> datetime | None:
        """The regular close (UTC) of the session of that day, or of the last one before it."""

    def open_on_or_after(self, day: date) -> datetime | None:
        """The regular open (UTC) of the session of that day, or of the first one after it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """With what a sentence is read: `now` is UTC, `zone` the user's IANA time zone."""

    names: Names
    sessions: Sessions
    now: datetime
    zone: str = "America/New_York"


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Something the sentence leaves open. `field` names what it would decide."""

    field: str
    text: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Something Puffling does not do, with the reason."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """What a sentence came to. Drafts are as the API takes them; they are complete exactly if nothing is asked."""

    text: str
    drafts: tuple[Mapping[str, Any], ...] = ()
    understood: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    refused: Refusal | None = None

    @property
    def complete(self) -> bool:
        return bool(self.drafts) and not self.questions and self.refused is None


@dataclass
class Notes:
    """What is noted while a sentence is read."""

    understood: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def ask(self, field_name: str, text: str, *options: str) -> None:
        """Ask once about a field."""
        if all(question.field != field_name for question in self.questions):
            self.questions.append(Question(field=field_name, text=text, options=options))

    def assume(self, text: str) -> None:
        if text not in self.assumed:
            self.assumed.append(text)
