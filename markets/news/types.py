"""What a piece of news is, where it comes from, and how that fails. Plain Python.

Every text here was written by strangers: it is shown, never obeyed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common.errors import PufflingError

NO_SOURCE = "No news source: add Alpaca keys in Settings."


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """One article as its provider tells it. `provider_id` is the provider's; `link` is http(s) or empty."""

    provider: str
    provider_id: str
    headline: str
    summary: str
    publisher: str
    link: str
    symbols: tuple[str, ...]
    published_at: datetime


class NewsSource(Protocol):
    """A provider of news."""

    @property
    def name(self) -> str: ...

    def headlines(self, symbols: Sequence[str], since: datetime, limit: int) -> list[Headline]:
        """At most `limit` articles about any of `symbols` since then, the newest first. Raises NewsError."""


class NewsError(PufflingError):
    """The source did not answer usably. `retryable`: the same question may be answered later.

    Its message is ours alone: what the source said is not repeated, because it would be a stranger's words.
    """

    status = 502
    code = "news_unavailable"

    def __init__(self, detail: str, *, code: str, retryable: bool) -> None:
        hint = "Try again in a minute." if retryable else "Trying again does not help."
        super().__init__(f"{detail} {hint}", code=code)
        self.retryable = retryable
        self.extra = {"retryable": retryable}
