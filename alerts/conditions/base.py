"""What a condition of an alert is. Plain Python: no Django, no clock, no I/O.

Each kind is one file with one class of the same names: `type`, `title`, `parse`, `subject_kind`, `plan`, `sentence`,
`unit`, `example`. `plan` turns the checked condition into a watch; what that means is in `watches.machine`, so that
alerts and rules cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from common.reading import Reader, shown
from watches.specs import WatchSpec

Condition = Mapping[str, Any]  # checked and normalised: decimals as plain strings, every default filled in
WHAT = "a key of this kind of condition"


class Kind(Protocol):
    """One kind of condition."""

    type: str
    title: str
    subject_kind: str  # "", or what `subject` is the id of: portfolio, goal, strategy (see `alerts.subjects`)

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Check and normalise a condition. Raises BadParams naming every key, value and fix.

        Keys that name things elsewhere are spelled `symbol` (upper case) and, by `subject_kind`, `goal` or `strategy`.
        """

    def plan(self, condition: Condition, subject: UUID | None) -> WatchSpec | None:
        """What to watch for; None when it is told by calls (signals). `subject`: what `subject_kind` says."""

    def sentence(self, condition: Condition) -> str:
        """The condition in English, as it continues 'when …'."""

    def unit(self, condition: Condition) -> str:
        """The unit of its level and value: `$`, `%`, or nothing."""

    @property
    def examples(self) -> tuple[dict[str, Any], ...]:
        """Conditions a person can start from."""


def one_of(read: Reader, values: Mapping[str, str | None], example: str) -> tuple[str, str]:
    """The one key that was given, with its value. Complains about none and about several."""
    given = [key for key, value in values.items() if value is not None]
    if len(given) == 1:
        return given[0], values[given[0]] or ""
    wrong = read.errors.keys() & values.keys()
    if given[1:]:
        last = given[-1]
        read.errors[last] = f"'{values[last]}' is one too many: give one of {', '.join(values)}"
    elif not wrong:
        read.errors[next(iter(values))] = f"is required: give one of {', '.join(values)}, such as {example}"
    return next(iter(values)), "0"


def read_id(read: Reader, key: str, what: str) -> str:
    """The id of something, as text."""
    given = read.text(key, required_hint=f"give the id of one of your {what}")
    if given is None:
        return ""
    try:
        return str(UUID(given))
    except ValueError:
        read.errors[key] = f"{shown(given)} is not an id: give the id of one of your {what}"
        return ""
