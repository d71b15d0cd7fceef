"""The crossing engine: find every watch a batch of observations reaches, in one statement.

Cost grows with what is reached, not with how many watches exist: for each touched series, two range scans on the
partial indexes `watch_scan_up` and `watch_scan_down`. What each hit means is decided by `machine`, row by row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from watches import machine
from watches.models import Phase
from watches.specs import Follow, Repeat, Seen, SeriesSpec, WatchSpec

# Reads the CTE `touched(series_id, subject, low, high, last, since, price, at, source)`. Extremes older than the
# watch do not count: then the last value is judged alone. The planner cannot know how few watches a range reaches and
# would read them all: LATERAL with OFFSET 0 holds it to one short index scan per series and direction.
HITS = """
hits AS (
    SELECT w.*, t.subject, t.last, t.price, t.at AS seen_at, t.source,
           CASE WHEN w.armed_at > t.since THEN t.last ELSE t.high END AS value
    FROM touched t
    CROSS JOIN LATERAL (
        SELECT * FROM watches_watch i WHERE i.series_id = t.series_id AND i.scan = 1 AND i.scan_level <= t.high OFFSET 0
    ) w
    UNION ALL
    SELECT w.*, t.subject, t.last, t.price, t.at AS seen_at, t.source,
           CASE WHEN w.armed_at > t.since THEN t.last ELSE t.low END AS value
    FROM touched t
    CROSS JOIN LATERAL (
        SELECT * FROM watches_watch i WHERE i.series_id = t.series_id AND i.scan = -1 AND i.scan_level >= t.low OFFSET 0
    ) w
)
SELECT (SELECT count(*) FROM claimed), h.id, h.owner_kind, h.owner_id, h.epoch, h.series_id, h.home_id, h.subject,
       h.direction, h.level, h.strict, h.primes, h.hysteresis, h.cooldown_seconds, h.repeats, h.phase, h.armed_at,
       h.rearm_at, h.follow::text, h.value, h.last, h.price, h.seen_at, h.source
FROM (SELECT 1) AS one
LEFT JOIN hits h ON (h.value * h.scan > h.scan_level * h.scan OR (h.value = h.scan_level AND NOT h.scan_strict))
  AND (h.price IS NOT NULL OR h.armed_at <= h.seen_at) -- a bar that closed before the rule was armed is history
"""


@dataclass(frozen=True, slots=True)
class Hit:
    """A watch whose scan was reached by an observation. `value` is what reached it, `last` the series' last value."""

    watch_id: int
    owner_kind: str
    owner_id: UUID
    epoch: int
    series_id: int
    home_id: int
    subject: str
    direction: int
    level: Decimal
    strict: bool
    primes: bool
    hysteresis: Decimal
    cooldown_seconds: int
    repeats: bool
    phase: int
    armed_at: datetime
    rearm_at: datetime | None
    follow_json: str | None
    value: Decimal
    last: Decimal
    price: Decimal | None
    seen_at: datetime
    source: str

    @property
    def follow(self) -> Follow | None:
        return Follow.from_json(json.loads(self.follow_json)) if self.follow_json else None

    def spec(self) -> WatchSpec:
        """The watch as the pure machine knows it. The series' own formula is not needed to judge its values."""
        return WatchSpec(
            series=SeriesSpec(subject=self.subject, observable=""),
            direction=self.direction,
            level=self.level,
            strict=self.strict,
            primes=self.primes,
            hysteresis=self.hysteresis,
            follow=self.follow,
        )

    def state(self) -> machine.WatchState:
        return machine.WatchState(
            phase=self.phase,
            armed_at=self.armed_at,
            series=SeriesSpec(subject=self.subject, observable=""),
            direction=self.direction,
            rearm_at=self.rearm_at,
        )

    def seen(self) -> Seen:
        return Seen(low=min(self.value, self.last), high=max(self.value, self.last), last=self.last)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one batch statement did: how many observations it took, and the watches they reached."""

    claimed: int
    hits: list[Hit]


def scan(touched: str, params: Mapping[str, Any]) -> Claim:
    """Run the batch statement: `touched` is SQL defining the CTEs `claimed` and `touched` (see HITS)."""
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {touched}, {HITS}", params)
        rows = cursor.fetchall()
    return Claim(claimed=rows[0][0], hits=[Hit(*row[1:]) for row in rows if row[1] is not None])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the hits of a batch come to. Nothing is written yet: lock the owners of `fired` first, then `write`."""

    fired: list[Hit]
    armed: list[int]
    cooled: list[int]
    references: list[Hit]


def sort_out(hits: Sequence[Hit], now: datetime) -> Outcome:
    """Decide what each hit means: it fires, it merely arms or cools, or it gives a following watch its reference."""
    outcome = Outcome(fired=[], armed=[], cooled=[], references=[])
    for hit in hits:
        if hit.phase in (machine.WAITING, machine.ACTIVATE):
            outcome.references.append(hit)
            continue
        state, fired = machine.judge(hit.spec(), Repeat(), hit.state(), hit.seen(), now)
        if fired:
            outcome.fired.append(hit)
        elif state.phase == machine.COOLING:
            outcome.cooled.append(hit.watch_id)
        elif state.phase != hit.phase:
            outcome.armed.append(hit.watch_id)
    return outcome


def write_flips(outcome: Outcome) -> None:
    """Write the watches that armed or began to cool down."""
    with connection.cursor() as cursor:
        if outcome.armed:
            cursor.execute(
                "UPDATE watches_watch SET phase = %s, rearm_at = NULL, scan = direction, scan_level = level,"
                " scan_strict = strict WHERE id = ANY(%s)",
                [Phase.ARMED, outcome.armed],
            )
        if outcome.cooled:
            cursor.execute(
                "UPDATE watches_watch SET phase = %s, scan = 0 WHERE id = ANY(%s)", [Phase.COOLING, outcome.cooled]
            )


def after_firing(hit: Hit, *, repeats: bool, now: datetime) -> machine.WatchState:
    """What the watch of a hit that fired becomes, were it to repeat or not."""
    repeat = Repeat(repeats=repeats, cooldown_seconds=hit.cooldown_seconds)
    return machine.after_firing(hit.spec(), repeat, hit.state(), hit.last, now)


def write_fired(rows: Sequence[tuple[Hit, machine.WatchState, int]]) -> None:
    """Write what fired watches became: (hit, state after, the owner's new epoch). One statement."""
    if not rows:
        return
    ids, series, epochs, phases, rearms, scans, levels, stricts = [], [], [], [], [], [], [], []
    for hit, state, epoch in rows:
        look = machine.scan_for(hit.spec(), state.phase, state.direction)
        ids.append(hit.watch_id)
        series.append(hit.home_id if state.phase == machine.WAITING else hit.series_id)
        epochs.append(epoch)
        phases.append(state.phase)
        rearms.append(state.rearm_at)
        scans.append(look.direction)
        levels.append(look.level)
        stricts.append(look.strict)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE watches_watch w
            SET series_id = n.series_id, epoch = n.epoch, phase = n.phase, rearm_at = n.rearm_at, scan = n.scan,
                scan_level = n.scan_level, scan_strict = n.scan_strict
            FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::smallint[], %s::timestamptz[], %s::smallint[],
                        %s::numeric[], %s::boolean[])
                 AS n(id, series_id, epoch, phase, rearm_at, scan, scan_level, scan_strict)
            WHERE w.id = n.id
            """,
            [ids, series, epochs, phases, rearms, scans, levels, stricts],
        )


def turn_off(watch_ids: Sequence[int]) -> None:
    """Switch stale watches off: their owner is gone, paused, or of another epoch."""
    if watch_ids:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE watches_watch SET phase = %s, scan = 0, rearm_at = NULL WHERE id = ANY(%s)",
                [Phase.OFF, list(watch_ids)],
            )


_ANY = machine.scan_for(  # what a waiting watch scans for: any observation
    WatchSpec(series=SeriesSpec(subject="", observable=""), direction=1, level=Decimal(0), follow=Follow(kind="trail")),
    machine.WAITING,
    1,
)

# One statement serves the sweeper and every evaluation; the partial index `watch_cooling` makes it cheap when
# nothing is due. The rows are locked in id order, and those being fired or edited now are left for the next time.
_REARM = """
WITH due AS (
    SELECT id, phase, armed_at, rearm_at FROM watches_watch WHERE phase IN (4, 7) AND rearm_at <= %(now)s
    ORDER BY id FOR UPDATE SKIP LOCKED LIMIT %(limit)s
)
UPDATE watches_watch w SET
    phase = CASE WHEN w.phase = 7 THEN 1 WHEN w.follow IS NOT NULL THEN 6 WHEN w.primes THEN 2 ELSE 1 END,
    series_id = CASE WHEN w.phase = 4 AND w.follow IS NOT NULL THEN w.home_id ELSE w.series_id END,
    armed_at = CASE WHEN w.phase = 4 THEN %(now)s ELSE w.armed_at END,
    rearm_at = NULL,
    scan = CASE WHEN w.phase = 4 AND w.follow IS NOT NULL THEN 1
                WHEN w.phase = 4 AND w.primes THEN -w.direction ELSE w.direction END,
    scan_level = CASE WHEN w.phase = 4 AND w.follow IS NOT NULL THEN %(any)s ELSE w.level END,
    scan_strict = CASE WHEN w.phase = 4 AND w.follow IS NOT NULL THEN false
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
    """Arm again what has cooled down by `now`. Returns what was armed."""
    with connection.cursor() as cursor:
        cursor.execute(_REARM, {"now": now, "limit": limit, "any": _ANY.level})
        return [Rearmed(*row) for row in cursor.fetchall()]
