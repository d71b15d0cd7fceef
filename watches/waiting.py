"""Watches that wait for a time: cooldowns, retries and holds that are over, and holds nothing has confirmed yet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from watches import machine
from watches.crossing import COLUMNS, Claim, Hit
from watches.models import Series
from watches.specs import USABLE_FOR, Follow, SeriesSpec, WatchSpec

# One statement serves the sweeper and every evaluation; the partial index `watch_cooling` makes it cheap when
# nothing is due. The rows are locked in id order, and those being fired or edited now are left for the next time.
# What a watch then scans for, it says in `machine.scan_for`: WAITING and HELD take any observation.
_REARM = """
WITH due AS (
    SELECT id, phase, armed_at, rearm_at FROM watches_watch WHERE phase IN (4, 7, 8) AND rearm_at <= %(now)s
    ORDER BY id FOR UPDATE SKIP LOCKED LIMIT %(limit)s
)
UPDATE watches_watch w SET
    phase = CASE WHEN w.phase = 8 THEN 9 WHEN w.phase = 7 THEN 1
                 WHEN w.follow IS NOT NULL THEN 6 WHEN w.primes THEN 2 ELSE 1 END,
    series_id = CASE WHEN w.phase = 4 AND w.follow IS NOT NULL THEN w.home_id ELSE w.series_id END,
    armed_at = CASE WHEN w.phase = 4 THEN %(now)s ELSE w.armed_at END,
    rearm_at = CASE WHEN w.phase = 8 THEN w.rearm_at END,
    scan = CASE WHEN w.phase = 8 THEN w.scan
                WHEN w.phase = 4 AND w.follow IS NOT NULL THEN 1
                WHEN w.phase = 4 AND w.primes THEN -w.direction ELSE w.direction END,
    scan_level = CASE WHEN w.phase = 8 THEN -w.scan * %(beyond)s
                      WHEN w.phase = 4 AND w.follow IS NOT NULL THEN -%(beyond)s ELSE w.level END,
    scan_strict = CASE WHEN w.phase = 8 OR (w.phase = 4 AND w.follow IS NOT NULL) THEN false
                       WHEN w.phase = 4 AND w.primes THEN NOT w.strict ELSE w.strict END
FROM due WHERE w.id = due.id
RETURNING w.owner_kind, w.owner_id, w.epoch, w.direction, w.level, w.strict, w.primes, w.hysteresis, w.follow::text,
          w.phase, due.phase, due.armed_at, due.rearm_at
"""


@dataclass(frozen=True, slots=True)
class Rearmed:
    """A watch whose time came: what it became, and what it was."""

    owner_kind: str
    owner_id: UUID
    epoch: int
    direction: int
    level: Decimal
    strict: bool
    primes: bool
    hysteresis: Decimal
    follow_json: str | None
    phase: int
    old_phase: int
    old_armed_at: datetime
    old_rearm_at: datetime

    def spec(self) -> WatchSpec:
        """The watch as the pure machine knows it."""
        return WatchSpec(
            series=SeriesSpec(subject="", observable=""),
            direction=self.direction,
            level=self.level,
            strict=self.strict,
            primes=self.primes,
            hysteresis=self.hysteresis,
            follow=Follow.from_json(json.loads(self.follow_json)) if self.follow_json else None,
        )

    def before(self) -> machine.WatchState:
        """Where it stood."""
        return machine.WatchState(
            phase=self.old_phase,
            armed_at=self.old_armed_at,
            series=SeriesSpec(subject="", observable=""),
            direction=self.direction,
            rearm_at=self.old_rearm_at,
        )


def rearm_due(now: datetime, limit: int = 10_000) -> list[Rearmed]:
    """Move on what has waited, cooled down or held until `now`. Returns them: show their owners what is standing."""
    with connection.cursor() as cursor:
        cursor.execute(_REARM, {"now": now, "limit": limit, "beyond": machine.BEYOND})
        return [Rearmed(*row) for row in cursor.fetchall()]


def unconfirmed(now: datetime) -> list[Series]:
    """The series with holds that are over and that nothing has confirmed or broken since, while it still could."""
    return list(
        Series.objects.filter(
            watches__phase=machine.HELD, watches__rearm_at__gte=now - USABLE_FOR, watches__rearm_at__lte=now
        ).distinct()
    )


# The last value of a pushed series stands until the next: it is judged once more, by those whose hold is over only.
_STANDING = f"""
WITH standing AS (
    SELECT id, subject, value FROM watches_series
    WHERE id = ANY(%(ids)s) AND value IS NOT NULL ORDER BY id FOR UPDATE SKIP LOCKED
), h AS (
    SELECT w.*, s.subject, s.value, s.value AS last, NULL::numeric AS price, %(now)s::timestamptz AS seen_at,
           'computed'::text AS source
    FROM standing s JOIN watches_watch w ON w.series_id = s.id AND w.phase = 9
)
SELECT {COLUMNS} FROM h
"""


def standing_values(series_ids: list[int], now: datetime) -> Claim:
    """The standing values of pushed series, as seen by the watches that have held long enough."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"ids": series_ids, "now": now})
        hits = [Hit(*row) for row in cursor.fetchall()]
    return Claim(claimed=len(series_ids), hits=hits)
