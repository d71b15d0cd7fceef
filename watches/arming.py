"""Arm and disarm watches. Call these holding the owner's row lock, inside its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from watches import machine
from watches.models import Phase, Series, Watch
from watches.specs import Repeat, SeriesSpec, WatchSpec


def series_fields(spec: SeriesSpec) -> dict[str, Any]:
    """The columns of a new series, but for its subject and observable."""
    return {
        "kind": spec.kind,
        "base": spec.base,
        "shift": spec.shift,
        "numerator": spec.numerator,
        "reference": spec.reference,
        "short": spec.short,
    }


def ensure_series(spec: SeriesSpec) -> Series:
    """The row of a series, made if it is new. One that exists keeps its reference."""
    series, _ = Series.objects.get_or_create(
        subject=spec.subject, observable=spec.observable, defaults=series_fields(spec)
    )
    return series


def armed_fields(*, epoch: int, spec: WatchSpec, repeat: Repeat, now: datetime) -> dict[str, Any]:
    """The columns of a freshly armed watch, but for its owner and its series."""
    phase = machine.first_phase(spec)
    scan = machine.scan_for(spec, phase, spec.direction)
    return {
        "epoch": epoch,
        "direction": spec.direction,
        "level": spec.level,
        "strict": spec.strict,
        "primes": spec.primes,
        "hysteresis": spec.hysteresis,
        "hold_seconds": spec.hold_seconds,
        "release": spec.release,
        "cooldown_seconds": repeat.cooldown_seconds,
        "repeats": repeat.repeats,
        "phase": phase,
        "armed_at": now,
        "rearm_at": None,
        "follow": spec.follow.as_json() if spec.follow else None,
        "scan": scan.direction,
        "scan_level": scan.level,
        "scan_strict": scan.strict,
    }


def arm(*, owner_kind: str, owner_id: UUID, epoch: int, spec: WatchSpec, repeat: Repeat, now: datetime) -> Watch:
    """Arm the owner's watch afresh, forgetting what it was before."""
    series = ensure_series(spec.series)
    watch, _ = Watch.objects.update_or_create(
        owner_kind=owner_kind,
        owner_id=owner_id,
        defaults={
            "series": series,
            "home": series,
            **armed_fields(epoch=epoch, spec=spec, repeat=repeat, now=now),
        },
    )
    return watch


@dataclass(frozen=True, kw_only=True)
class Arming:
    """What one new owner watches for."""

    owner_id: UUID
    epoch: int
    spec: WatchSpec
    repeat: Repeat


def arm_many(*, owner_kind: str, armings: Sequence[Arming], now: datetime) -> None:
    """Arm watches of owners that have none yet: three statements for any number of them."""
    specs = {(a.spec.series.subject, a.spec.series.observable): a.spec.series for a in armings}
    # In key order, so that two who make the same series cannot wait for each other.
    Series.objects.bulk_create(
        [
            Series(subject=subject, observable=observable, **series_fields(spec))
            for (subject, observable), spec in sorted(specs.items(), key=lambda item: item[0])
        ],
        ignore_conflicts=True,
    )
    subjects = {subject for subject, _ in specs}
    observables = {observable for _, observable in specs}
    known = {
        (series.subject, series.observable): series
        for series in Series.objects.filter(subject__in=subjects, observable__in=observables)
    }
    watches = []
    for a in armings:
        series = known[a.spec.series.subject, a.spec.series.observable]
        columns = armed_fields(epoch=a.epoch, spec=a.spec, repeat=a.repeat, now=now)
        watches.append(Watch(owner_kind=owner_kind, owner_id=a.owner_id, series=series, home=series, **columns))
    Watch.objects.bulk_create(watches, batch_size=500)


def disarm(owner_kind: str, owner_ids: Sequence[UUID]) -> int:
    """Switch the owners' watches off. Returns how many there were."""
    return Watch.objects.filter(owner_kind=owner_kind, owner_id__in=owner_ids).update(
        phase=Phase.OFF, scan=0, rearm_at=None
    )


def try_again_at(owner_kind: str, owner_id: UUID, *, epoch: int, at: datetime, series_id: int) -> None:
    """A firing on a series came to nothing: arm again there, on the same level, at `at`.

    A peak group that has been forgotten meanwhile leaves the watch as it is, waiting for a new peak.
    """
    if Series.objects.filter(id=series_id).exists():
        Watch.objects.filter(owner_kind=owner_kind, owner_id=owner_id).update(
            phase=Phase.RETRY, scan=0, rearm_at=at, epoch=epoch, series_id=series_id
        )
