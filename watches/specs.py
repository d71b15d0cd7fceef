"""What can be watched, in words both engines share: the pure one (`machine`) and the SQL one (`crossing`).

Plain Python.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

# An observation older than this is a missed one, not a live one: acting on it would be a late, wrong trade.
USABLE_FOR = timedelta(seconds=120)


class SeriesKind(enum.StrEnum):
    """How a series gets its value; the same words as `models.Series.Kind`."""

    DERIVED = "derived"
    ABSOLUTE = "absolute"
    VOLUME = "volume"
    PEAK_PERCENT = "peak_pct"
    PEAK_AMOUNT = "peak_amt"
    PUSHED = "pushed"


PEAKS = (SeriesKind.PEAK_PERCENT, SeriesKind.PEAK_AMOUNT)


class Base(enum.StrEnum):
    """Where the reference of a derived series comes from."""

    STORED = "stored"
    PREV_CLOSE = "prev_close"
    SESSION_OPEN = "session_open"


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesSpec:
    """A series: value = shift + x * numerator / reference, x being the price (or the volume)."""

    subject: str
    observable: str
    kind: SeriesKind = SeriesKind.DERIVED
    base: Base = Base.STORED
    shift: Decimal = Decimal(0)
    numerator: Decimal = Decimal(1)
    reference: Decimal | None = Decimal(1)
    short: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Follow:
    """What a watch becomes once the first usable observation is seen.

    `kind`: trail (joins a peak group), since (change from the price seen), either_way (the direction away from the
    side seen). `unit`: pct or amt, for trails; `activation`: price from which a trail counts; `absolute`: for since.
    """

    kind: str
    unit: str = "pct"
    short: bool = False
    activation: Decimal | None = None
    absolute: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "unit": self.unit,
            "short": self.short,
            "activation": None if self.activation is None else str(self.activation),
            "absolute": self.absolute,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Follow:
        activation = data.get("activation")
        return cls(
            kind=data["kind"],
            unit=data["unit"],
            short=data["short"],
            activation=None if activation is None else Decimal(activation),
            absolute=data["absolute"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchSpec:
    """Fire when `series` reaches `level` in `direction` (+1 up, -1 down).

    strict: beyond the level, not at it. primes: only after the other side was seen (edge cross).
    hysteresis: how far the value must come back before a repeating watch arms again, in the series' unit.
    hold_seconds: how long the value must stay reached before it fires; 0: fires at once.
    release: pulses only: the value that breaks a hold, where anything short of the level does not. Equal to the
    level, it is the same pulse again.
    """

    series: SeriesSpec
    direction: int
    level: Decimal
    strict: bool = False
    primes: bool = False
    hysteresis: Decimal = Decimal(0)
    follow: Follow | None = None
    hold_seconds: int = 0
    release: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeat:
    """Whether a watch arms again after firing, and how many seconds later at the earliest."""

    repeats: bool = False
    cooldown_seconds: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class MarketSlice:
    """One claimed observation of a symbol: the extremes since `since`, and the last price, at `at`."""

    at: datetime
    since: datetime
    low: Decimal
    high: Decimal
    last: Decimal
    volume: Decimal = Decimal(0)
    prev_close: Decimal | None = None
    session_open: Decimal | None = None
    pushed: Decimal | None = None  # the value of a pushed series


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A series' extremes and last value in one observation."""

    low: Decimal
    high: Decimal
    last: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """What a watch scans for right now: value >= level (+1), <= level (-1), nothing (0)."""

    direction: int = 0
    level: Decimal = field(default=Decimal(0))
    strict: bool = False

    def reached(self, value: Decimal) -> bool:
        """Whether `value` is at (or beyond, when strict) the level."""
        if self.direction > 0:
            return value > self.level if self.strict else value >= self.level
        if self.direction < 0:
            return value < self.level if self.strict else value <= self.level
        return False
