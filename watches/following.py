"""Give following watches their reference: join or start a peak group, or take the price seen as the base."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import connection

from common.ids import new_id
from watches import machine
from watches.crossing import Hit, write_holds
from watches.models import Series
from watches.specs import Follow, Repeat, Seen, SeriesSpec


def take_references(hits: Sequence[Hit], now: datetime) -> list[Hit]:
    """Move each watch to the series its first observation decides.

    Returns hits that fire at once: a trailing stop activated by the high of the very observation whose last price is
    already a trail below it. They carry the new series and value. One that must hold first begins to.
    """
    followers = [(hit, hit.follow) for hit in hits]
    series_ids = _series_for([(hit, follow) for hit, follow in followers if follow and follow.kind != "either_way"])
    moved: list[tuple[int, int, int]] = []  # watch, series, direction
    fired: list[Hit] = []
    holding: list[tuple[Hit, machine.WatchState]] = []
    for hit, follow in followers:
        if follow is None:
            continue
        if follow.kind == "either_way":
            moved.append((hit.watch_id, hit.series_id, direction_of(hit)))
            continue
        series_id = series_ids[_key(hit, follow)]
        moved.append((hit.watch_id, series_id, hit.direction))
        if follow.kind == "trail":
            value = _drawdown(hit, follow)
            state, fires = machine.judge(
                hit.spec(),
                Repeat(),
                machine.WatchState(
                    phase=machine.ARMED,
                    armed_at=hit.armed_at,
                    series=SeriesSpec(subject=hit.subject, observable=""),
                    direction=hit.direction,
                ),
                Seen(low=value, high=value, last=value),
                now,
            )
            if fires:
                fired.append(_at(hit, series_id, value))
            elif state.phase == machine.HOLDING:
                holding.append((hit, state))
    _write(moved)
    write_holds(holding)
    return fired


def direction_of(hit: Hit) -> int:
    """Where a watch in either direction fires: away from the side it was first seen on."""
    return -1 if hit.last > hit.level else 1


def reference_of(hit: Hit) -> Decimal:
    """The price that counts: the extreme that reached the activation price, else the last price."""
    return hit.value if hit.phase == machine.ACTIVATE else hit.last


def _key(hit: Hit, follow: Follow) -> tuple[str, str, bool, Decimal]:
    series = machine.followed_series(follow, hit.subject, reference_of(hit))
    return series.subject, series.observable, series.short, reference_of(hit)


def _drawdown(hit: Hit, follow: Follow) -> Decimal:
    series = machine.followed_series(follow, hit.subject, reference_of(hit))
    return machine.drawdown(series.kind, reference_of(hit), hit.last, short=follow.short)


def _at(hit: Hit, series_id: int, value: Decimal) -> Hit:
    fields = {name: getattr(hit, name) for name in Hit.__slots__}
    return Hit(**{**fields, "series_id": series_id, "value": value, "last": value, "phase": machine.ARMED})


def _series_for(followers: Sequence[tuple[Hit, Follow]]) -> dict[tuple[str, str, bool, Decimal], int]:
    """The series of each (subject, observable, side, reference): peak groups standing at that peak, or new ones."""
    wanted = {
        _key(hit, follow): machine.followed_series(follow, hit.subject, reference_of(hit)) for hit, follow in followers
    }
    found: dict[tuple[str, str, bool, Decimal], int] = {}
    subjects = {key[0] for key in wanted}
    for row in Series.objects.filter(subject__in=subjects, kind__in=("peak_pct", "peak_amt")).order_by("id"):
        name = row.observable.rsplit(":", 1)[0]
        if row.reference is not None:
            found.setdefault((row.subject, name, row.short, row.reference), row.id)
    ids: dict[tuple[str, str, bool, Decimal], int] = {}
    for key, spec in wanted.items():
        trail = spec.kind in ("peak_pct", "peak_amt")
        if trail and key in found:
            ids[key] = found[key]
            continue
        row, _ = Series.objects.get_or_create(
            subject=spec.subject,
            # Groups of one kind differ by their peak, which moves: an id tells them apart.
            observable=f"{spec.observable}:{new_id().hex}" if trail else spec.observable,
            defaults={
                "kind": spec.kind,
                "shift": spec.shift,
                "numerator": spec.numerator,
                "reference": spec.reference,
                "short": spec.short,
            },
        )
        ids[key] = row.id
    return ids


def _write(moved: Sequence[tuple[int, int, int]]) -> None:
    if not moved:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE watches_watch w
            SET series_id = n.series_id, direction = n.direction, phase = 1, rearm_at = NULL, scan = n.direction,
                scan_level = w.level, scan_strict = w.strict
            FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[]) AS n(id, series_id, direction)
            WHERE w.id = n.id
            """,
            [list(column) for column in zip(*moved, strict=True)],
        )


def merge_equal_groups(subjects: Sequence[str] | None = None) -> int:
    """Peak groups that stand at the same peak become one, the fullest. Returns how many were emptied.

    A new high makes the groups it passes equal; without merging, a symbol would collect one group per stop.
    The rows are locked, so that a watch joining a group waits and finds it still standing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH groups AS (
                SELECT s.id, s.subject, s.kind, s.short, s.reference,
                       (SELECT count(*) FROM watches_watch w WHERE w.series_id = s.id) AS members
                FROM watches_series s
                WHERE s.kind IN ('peak_pct', 'peak_amt')
                  AND (%(subjects)s::text[] IS NULL OR s.subject = ANY(%(subjects)s))
                ORDER BY s.id FOR UPDATE
            ), ranked AS (
                SELECT id, members, first_value(id) OVER same AS keeper
                FROM groups WINDOW same AS (PARTITION BY subject, kind, short, reference ORDER BY members DESC, id)
            ), moved AS (
                UPDATE watches_watch w SET series_id = r.keeper FROM ranked r
                WHERE w.series_id = r.id AND r.keeper <> r.id RETURNING w.id
            )
            SELECT count(*) FROM ranked WHERE keeper <> id AND members > 0
            """,
            {"subjects": None if subjects is None else list(subjects)},
        )
        return int(cursor.fetchone()[0])


def forget_unused_series(older_than_id: int | None = None) -> int:
    """Delete series no watch uses. Those made in the last minutes stay: someone may be about to use them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM watches_series s
            WHERE NOT EXISTS (SELECT 1 FROM watches_watch w WHERE w.series_id = s.id)
              AND NOT EXISTS (SELECT 1 FROM watches_watch w WHERE w.home_id = s.id)
              AND (%(limit)s::bigint IS NULL OR s.id <= %(limit)s)
            """,
            {"limit": older_than_id},
        )
        return cursor.rowcount


def follow_json(follow: Follow) -> str:
    """A follow plan as the column stores it, for bulk loads."""
    return json.dumps(follow.as_json())
