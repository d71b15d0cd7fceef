"""Untrusted text as data: fenced, cut, and remembered, because a run that has read any can only propose.

Untrusted is what people and other systems wrote: names, notes, messages, alerts, broker errors, news.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 1000  # characters of one text
FENCE = re.compile(r"<(?=\s*/?\s*untrusted)", re.IGNORECASE)


def fenced(text: str, *, source: str) -> str:
    """Untrusted text as data: its own fences cannot be closed from inside."""
    inner = FENCE.sub("<\u200b", text)
    return f'<untrusted source="{source}">\n{inner}\n</untrusted>'


class Words:
    """The untrusted texts of one tool's answer. `taint` says where they came from; empty when there were none."""

    def __init__(self) -> None:
        self._sources: dict[str, None] = {}

    def of(self, text: str | None, source: str) -> str | None:
        """The text, fenced; None when there is none. `source` says what it is: "a rule's name"."""
        if not text or not text.strip():
            return None
        self._sources[source] = None
        return fenced(text[:LONGEST], source=source)

    def within(self, text: str, written: Iterable[str | None], source: str) -> str:
        """A sentence of ours, fenced only if it quotes one of the texts people wrote."""
        if any(one and one.strip() and one in text for one in written):
            return self.of(text, source) or ""
        return text

    @property
    def taint(self) -> str:
        return ", ".join(self._sources)
