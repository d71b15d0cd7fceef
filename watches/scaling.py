"""What a split does to a watch: which of its numbers are dollars or shares, and what they become. Plain Python.

The rule behind it: evaluating the scaled watch on scaled prices gives what evaluating the old one on the old prices
gave. A property test holds this for every kind of watch.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from decimal import Decimal

from common.money import nano
from watches import machine
from watches.specs import PEAKS, Follow, SeriesKind, SeriesSpec, WatchSpec


class Unit(enum.StrEnum):
    """What a level or a reference is measured in."""

    DOLLARS = "dollars"  # per share
    SHARES = "shares"
    PURE = "pure"  # percent, ratios, signs: a split leaves them alone


@dataclass(frozen=True, slots=True)
class Scale:
    """A split: `new` shares for `old` ones (10 for 1; 1 for 10 is a reverse split)."""

    new: int
    old: int

    def price(self, value: Decimal) -> Decimal:
        """Dollars per share after the split, to 9 places."""
        return nano(value * self.old / self.new)

    def shares(self, value: Decimal) -> Decimal:
        """Shares after the split, to 9 places."""
        return nano(value * self.new / self.old)

    def of(self, unit: Unit, value: Decimal) -> Decimal:
        if unit is Unit.DOLLARS:
            return self.price(value)
        return self.shares(value) if unit is Unit.SHARES else value

    def __str__(self) -> str:
        return f"{self.new}:{self.old}"


def value_unit(kind: str, observable: str) -> Unit:
    """What the values of a series, and so the levels on it, are measured in."""
    name = observable.removeprefix("abs_").partition(":")[0]
    if kind == SeriesKind.PEAK_AMOUNT or name in ("price", "ma_spread"):
        return Unit.DOLLARS
    return Unit.SHARES if name in ("volume", "bar_volume") else Unit.PURE


def reference_unit(kind: str, observable: str) -> Unit:
    """What the stored reference of a series is measured in: a past price, an average volume, or a constant."""
    name = observable.removeprefix("abs_").partition(":")[0]
    if kind in PEAKS or name == "change_pct":
        return Unit.DOLLARS
    return Unit.SHARES if name == "volume_ratio" else Unit.PURE


def scaled_series(series: SeriesSpec, scale: Scale) -> SeriesSpec:
    """The series after the split. One that is named by its reference price gets the new name."""
    unit = reference_unit(series.kind, series.observable)
    reference = None if series.reference is None else scale.of(unit, series.reference)
    observable = series.observable
    if ":from:" in observable and reference is not None:
        observable = f"{observable.rpartition(':')[0]}:{format(reference, 'f')}"
    dollars = value_unit(series.kind, series.observable) is Unit.DOLLARS
    shift = scale.price(series.shift) if dollars else series.shift
    return replace(series, observable=observable, reference=reference, shift=shift)


def level_unit(kind: str, observable: str, follow: Follow | None) -> Unit:
    """What a watch's level is measured in. A following watch's is that of the series it follows to."""
    if follow is not None and follow.kind == "trail":
        return Unit.DOLLARS if follow.unit == "amt" else Unit.PURE
    if follow is not None and follow.kind == "since":
        return Unit.PURE
    return value_unit(kind, observable)


def scaled_spec(spec: WatchSpec, scale: Scale) -> WatchSpec:
    """The watch after the split."""
    unit = level_unit(spec.series.kind, spec.series.observable, spec.follow)
    follow = spec.follow
    if follow is not None and follow.activation is not None:
        follow = replace(follow, activation=scale.price(follow.activation))
    return replace(
        spec,
        series=scaled_series(spec.series, scale),
        level=scale.of(unit, spec.level),
        hysteresis=scale.of(unit, spec.hysteresis),
        release=None if spec.release is None else scale.of(unit, spec.release),
        follow=follow,
    )


def scaled_state(state: machine.WatchState, scale: Scale) -> machine.WatchState:
    """Where the watch is, after the split: its peak or reference moves with the price, its phase stays."""
    return replace(state, series=scaled_series(state.series, scale))
