"""What a trigger is. Plain Python: no Django, no clock, no I/O.

Each trigger is one file with one class of the same five names: `type`, `parse`, `plan`, `sentence`, `example`.
`plan` turns checked parameters into a watch or a clock plan; the meaning of both is in `watches.machine` and
`automation.triggers.clock`, so that live firing and simulation cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from common.reading import BadParams as BadParams
from watches.specs import WatchSpec

Params = Mapping[str, Any]  # checked and normalised: decimals as plain strings, every default filled in


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionTimes:
    """One trading session: the exchange's date, and when it opens and closes (aware, UTC)."""

    date: date
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """An instant (UTC) at which a clock rule is due.

    `skipped` is empty, or the wall-clock time that does not exist that day: then `at` is when the clock jumped over
    it, nothing fires, and the owner is told.
    """

    at: datetime
    skipped: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockPlan:
    """Fires at instants: `occasions(after, sessions)` gives them in order, from the first after `after` on.

    `sessions` are the exchange's sessions in order; what lies beyond the last of them is not known yet if the rule
    depends on them. `far`: the next instant may lie further away than a fortnight.
    """

    occasions: Callable[[datetime, list[SessionTimes]], Iterator[Occasion]]
    far: bool = False

    def next_due(self, after: datetime, sessions: list[SessionTimes]) -> datetime | None:
        """The first instant after `after` that exists; None when the sessions show none."""
        return next((found.at for found in self.occasions(after, sessions) if not found.skipped), None)


def _never(after: datetime, sessions: list[SessionTimes]) -> Iterator[Occasion]:
    del after, sessions
    return iter(())


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestPlan(ClockPlan):
    """Fires when somebody asks for it from outside (`automation.hooks`): a clock that never strikes by itself."""

    occasions: Callable[[datetime, list[SessionTimes]], Iterator[Occasion]] = _never


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchPlan:
    """Fires when a series reaches a level. `recompute` names how the series' reference is kept up to date, if it is."""

    spec: WatchSpec


Plan = WatchPlan | ClockPlan


class Trigger(Protocol):
    """One kind of condition."""

    type: str
    needs_symbol: bool
    of_portfolio: bool  # it is about the rule's portfolio: `plan` gets `portfolio:<id>` instead of the symbol

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Check and normalise user parameters. Raises BadParams naming every key, value and fix."""

    def plan(self, params: Params, subject: str) -> Plan:
        """What to watch for. `subject` is the symbol (may be empty), or `portfolio:<id>` if it is `of_portfolio`."""

    def sentence(self, params: Params, symbol: str) -> str:
        """The condition in English, as it continues 'when …'."""

    @property
    def example(self) -> dict[str, Any]:
        """Parameters a person can start from."""
