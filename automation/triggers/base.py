"""What a trigger is. Plain Python: no Django, no clock, no I/O.

Each trigger is one file with one class of the same five names: `type`, `parse`, `plan`, `sentence`, `example`.
`plan` turns checked parameters into a watch or a clock plan; the meaning of both is in `watches.machine` and
`automation.triggers.clock`, so that live firing and simulation cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from watches.specs import WatchSpec

Params = Mapping[str, Any]  # checked and normalised: decimals as plain strings, every default filled in


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionTimes:
    """One trading session: the exchange's date, and when it opens and closes (aware, UTC)."""

    date: date
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockPlan:
    """Fires at instants: `next_due(after, sessions)` gives the first instant after `after`, or None.

    `sessions` are the exchange's coming sessions in order; they must reach far enough (a fortnight does).
    """

    next_due: Callable[[datetime, list[SessionTimes]], datetime | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchPlan:
    """Fires when a series reaches a level. `recompute` names how the series' reference is kept up to date, if it is."""

    spec: WatchSpec


Plan = WatchPlan | ClockPlan


class Trigger(Protocol):
    """One kind of condition."""

    type: str
    needs_symbol: bool

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Check and normalise user parameters. Raises BadParams naming every key, value and fix."""

    def plan(self, params: Params, symbol: str) -> Plan:
        """What to watch for."""

    def sentence(self, params: Params, symbol: str) -> str:
        """The condition in English, as it continues 'when …'."""

    @property
    def example(self) -> dict[str, Any]:
        """Parameters a person can start from."""


class BadParams(ValueError):
    """Parameters that cannot be used: {key: message}."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {text}" for key, text in errors.items()))
        self.errors = errors
