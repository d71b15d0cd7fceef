"""The port of the job `ai_analysis`: who writes the report. The wiring fills it; until then nobody does.

Rooms above this one know language models; this one knows facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from automation.jobs.base import JobContext


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What an analyst says: a sentence, the report as text, and whatever programs need. `run` is its own run's id."""

    summary: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Analyst(Protocol):
    """Writes a report about the facts, for the user and portfolio of the context. Safe to call twice for one run."""

    def analyse(self, context: JobContext, facts: Mapping[str, Any]) -> Analysis:
        """Raises PufflingError when it cannot; the facts are reported then, labelled offline."""


_analysts: list[Analyst] = []


def use_analyst(analyst: Analyst) -> None:
    """Fill the port. For the wiring, once. Raises ValueError when it is filled already."""
    if _analysts:
        raise ValueError("the port of ai_analysis is filled twice")
    _analysts.append(analyst)


def present() -> Analyst | None:
    """Who writes reports; None: nobody, facts are reported as they are."""
    return _analysts[0] if _analysts else None
