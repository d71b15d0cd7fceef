"""Carry every watch and series on a symbol over a split. Call in the transaction that holds the quote's lock."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Q

from watches import machine
from watches.models import Series, Watch
from watches.scaling import Scale, Unit, level_unit, scaled_series, scaled_spec, value_unit
from watches.specs import Base, Follow, SeriesKind, SeriesSpec, WatchSpec

UPDATE_WATCHES = """
UPDATE watches_watch w
SET level = n.level, hysteresis = n.hysteresis, release = n.release, follow = n.follow::jsonb, scan_level = n.scan_level
FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[], %s::text[], %s::numeric[])
     AS n(id, level, hysteresis, release, follow, scan_level)
WHERE w.id = n.id
"""
UPDATE_SERIES = """
UPDATE watches_series s
SET observable = n.observable, shift = n.shift, reference = n.reference, value = n.value
FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[])
     AS n(id, observable, shift, reference, value)
WHERE s.id = n.id
"""


def rescale(symbol: str, scale: Scale, *, but: Collection[UUID] = ()) -> int:
    """Levels, ways back, activation prices, peaks, references and stored values. Returns how many watches there were.

    Epochs, phases, cooldowns and holds stay as they are: nothing is armed afresh. `but`: owners whose numbers are in
    new shares already (a split that was entered late); a series that only they watch stays, too.
    """
    series = list(Series.objects.select_for_update().filter(subject=symbol).order_by("id"))
    by_id = {row.id: row for row in series}
    watches = list(Watch.objects.select_for_update().filter(Q(series__in=by_id) | Q(home__in=by_id)).order_by("id"))
    old = [watch for watch in watches if watch.owner_id not in but]
    _write(UPDATE_WATCHES, [_scaled_watch(watch, by_id[watch.series_id], scale) for watch in old])
    new_only = {watch.series_id for watch in watches} - {watch.series_id for watch in old}
    _write_series([row for row in series if row.id not in new_only], scale)
    return len(old)


def spec_of(watch: Watch, series: Series) -> WatchSpec:
    """The watch as the pure machine knows it."""
    return WatchSpec(
        series=series_spec(series),
        direction=watch.direction,
        level=watch.level,
        strict=watch.strict,
        primes=watch.primes,
        hysteresis=watch.hysteresis,
        follow=Follow.from_json(watch.follow) if watch.follow else None,
        hold_seconds=watch.hold_seconds,
        release=watch.release,
    )


def series_spec(series: Series) -> SeriesSpec:
    return SeriesSpec(
        subject=series.subject,
        observable=series.observable,
        kind=SeriesKind(series.kind),
        base=Base(series.base),
        shift=series.shift,
        numerator=series.numerator,
        reference=series.reference,
        short=series.short,
    )


def _scaled_watch(watch: Watch, series: Series, scale: Scale) -> tuple[object, ...]:
    spec = scaled_spec(spec_of(watch, series), scale)
    scan_level = watch.scan_level
    if watch.scan:
        scan_level = machine.scan_for(spec, watch.phase, watch.direction).level
    elif level_unit(series.kind, series.observable, spec.follow) is not Unit.PURE:
        scan_level = spec.level
    follow = None if spec.follow is None else json.dumps(spec.follow.as_json())
    return watch.pk, spec.level, spec.hysteresis, spec.release, follow, scan_level


def _write_series(series: Sequence[Series], scale: Scale) -> None:
    """Series named by a price change their names. Two whose prices round to the same become one."""
    rows: dict[str, tuple[int, str, Decimal, Decimal | None, Decimal | None]] = {}
    merged: list[tuple[int, int]] = []
    for row in series:
        after = scaled_series(series_spec(row), scale)
        value = None if row.value is None else scale.of(value_unit(row.kind, row.observable), row.value)
        if after.observable in rows:
            merged.append((row.id, rows[after.observable][0]))
        else:
            rows[after.observable] = (row.id, after.observable, after.shift, after.reference, value)
    for gone, kept in merged:
        Watch.objects.filter(series_id=gone).update(series_id=kept)
        Watch.objects.filter(home_id=gone).update(home_id=kept)
        Series.objects.filter(id=gone).delete()
    # Names are unique and change places (1000 becomes 100, 100 becomes 10): out of the way first.
    renamed = {row.id: row.observable for row in series}
    moving = [row[0] for row in rows.values() if renamed[row[0]] != row[1]]
    for series_id in moving:
        Series.objects.filter(id=series_id).update(observable=f"moving:{series_id}")
    _write(UPDATE_SERIES, list(rows.values()))


def _write(statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])
