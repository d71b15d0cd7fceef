"""Where a rule fires: on each axis (a price, a change, a time) the values at which it may. Plain Python.

Whether two rules can be true at once is then a question of overlapping spans. It is asked of what the triggers plan
to watch, so that a new kind of trigger needs nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from automation.triggers.base import ClockPlan
from automation.triggers.reading import DAYS
from automation.triggers.registry import TRIGGERS
from common.money import NANO, dollars
from watches.specs import SeriesKind, WatchSpec

Span = tuple[Decimal | None, Decimal | None]  # from, to, both included; None: without end
Region = Mapping[str, tuple[Span, ...]]  # axis -> spans; all axes must hold
ANY: Span = (None, None)
CLOCK, WEEKDAY = "clock", "weekday"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A trigger or a condition on its axis. `direction`: +1 fires upwards of `level`, -1 downwards, 0 neither."""

    kind: str
    params: Mapping[str, Any]
    symbol: str
    axis: str
    spans: tuple[Span, ...]
    direction: int = 0
    level: Decimal | None = None
    edge: bool = False  # only when crossing

    def sentence(self) -> str:
        """As it continues 'when …'."""
        return TRIGGERS[self.kind].sentence(self.params, self.symbol)


def part_of(kind: str, params: Mapping[str, Any], symbol: str) -> Part:
    """The part of one trigger or condition; `params` as `parse` gives them."""
    plan = TRIGGERS[kind].plan(params, symbol)
    if isinstance(plan, ClockPlan):
        key = json.dumps({name: value for name, value in params.items() if name != "days"}, sort_keys=True)
        return Part(kind=kind, params=params, symbol=symbol, axis=f"{CLOCK} {key}", spans=(ANY,))
    spec = plan.spec
    return Part(
        kind=kind,
        params=params,
        symbol=symbol,
        axis=_axis(spec),
        spans=_spans(spec),
        direction=0 if spec.series.kind == SeriesKind.ABSOLUTE else spec.direction,
        level=spec.level,
        edge=spec.primes,
    )


def region_of(parts: Iterable[Part]) -> dict[str, tuple[Span, ...]]:
    """Where all the parts hold. An axis without spans: never."""
    region: dict[str, tuple[Span, ...]] = {}
    for part in parts:
        known = region.get(part.axis)
        region[part.axis] = part.spans if known is None else overlap(known, part.spans)
        days = part.params.get("days") if part.axis.startswith(CLOCK) else None
        if days:
            region[WEEKDAY] = tuple((Decimal(DAYS.index(day)), Decimal(DAYS.index(day))) for day in days)
    return region


def shared_axes(one: Region, other: Region) -> list[str] | None:
    """The axes both are bound to and agree on; None when one of them keeps the two apart."""
    shared = []
    for axis, spans in one.items():
        theirs = other.get(axis)
        if theirs is None:
            continue
        if not overlap(spans, theirs):
            return None
        if axis != WEEKDAY:
            shared.append(axis)
    return shared


def overlap(one: tuple[Span, ...], other: tuple[Span, ...]) -> tuple[Span, ...]:
    """Where both hold."""
    found = []
    for low, high in one:
        for other_low, other_high in other:
            start = max((bound for bound in (low, other_low) if bound is not None), default=None)
            end = min((bound for bound in (high, other_high) if bound is not None), default=None)
            if start is None or end is None or start <= end:
                found.append((start, end))
    return tuple(found)


def price_axis(symbol: str) -> str:
    return f"{symbol} price"


def where(spans: tuple[Span, ...]) -> str:
    """Prices in words: 'between $140 and $150'."""
    return " or ".join(_words(low, high) for low, high in spans)


def _words(low: Decimal | None, high: Decimal | None) -> str:
    if low is not None and high is not None:
        return f"at {dollars(low)}" if low == high else f"between {dollars(low)} and {dollars(high)}"
    if low is not None:
        return f"from {dollars(low)} upwards"
    return "at any price" if high is None else f"from {dollars(high)} downwards"


def _axis(spec: WatchSpec) -> str:
    subject, observable = spec.series.subject, spec.series.observable.removeprefix("abs_")
    if spec.follow is None:
        return f"{subject} {observable}"
    way = "short" if spec.follow.short else "long"
    return f"{subject} {observable} {spec.follow.kind} {spec.follow.unit} {way}"


def _spans(spec: WatchSpec) -> tuple[Span, ...]:
    level, follow = spec.level, spec.follow
    if follow is not None and follow.kind == "either_way":
        return (ANY,)
    if spec.series.kind == SeriesKind.ABSOLUTE or (follow is not None and follow.absolute):
        return ((None, -level), (level, None))
    if spec.strict:  # beyond the level, not at it
        level += spec.direction * NANO
    return ((level, None),) if spec.direction > 0 else ((None, level),)
