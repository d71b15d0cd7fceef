"""The crossing engine: find every watch a batch of observations reaches, in one statement.

Cost grows with what is reached, not with how many watches exist: for each touched series, two range scans on the
partial indexes `watch_scan_up` and `watch_scan_down`. What each hit means is decided by `machine`, row by row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from watches import machine
from watches.models import Phase
from watches.specs import Follow, Repeat, Seen, SeriesSpec, WatchSpec

# What a hit is made of, in the order of `Hit`; `h` is the row of the watch beside what was seen.
COLUMNS = """
    h.id, h.owner_kind, h.owner_id, h.epoch, h.series_id, h.home_id, h.subject,
    h.direction, h.level, h.strict, h.primes, h.hysteresis, h.hold_seconds, h.release, h.cooldown_seconds, h.repeats,
    h.phase, h.armed_at, h.rearm_at, h.follow::text, h.value, h.last, h.price, h.seen_at, h.source
"""

# Reads the CTE `touched(series_id, subject, low, high, last, since, price, at, source)`. Extremes older than the
# watch do not count: then the last value is judged alone. The planner cannot know how few watches a range reaches and
# would read them all: LATERAL with OFFSET 0 holds it to one short index scan per series and direction.
HITS = f"""
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
SELECT (SELECT count(*) FROM claimed), {COLUMNS}
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
    hold_seconds: int
    release: Decimal | None
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
            hold_seconds=self.hold_seconds,
            release=self.release,
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
    holding: list[tuple[Hit, machine.WatchState]]
    references: list[Hit]
    epochs: dict[int, int] = field(default_factory=dict)  # of the watches in `armed` and `cooled`


def sort_out(hits: Sequence[Hit], now: datetime) -> Outcome:
    """Decide what each hit means: it fires, it merely arms, cools or begins to hold, or it gives a following watch its
    reference.
    """
    outcome = Outcome(fired=[], armed=[], cooled=[], holding=[], references=[])
    for hit in hits:
        if hit.phase in (machine.WAITING, machine.ACTIVATE):
            outcome.references.append(hit)
            continue
        state, fired = machine.judge(hit.spec(), Repeat(), hit.state(), hit.seen(), now)
        if fired:
            outcome.fired.append(hit)
        elif state.phase == machine.COOLING:
            outcome.cooled.append(hit.watch_id)
            outcome.epochs[hit.watch_id] = hit.epoch
        elif state.phase == machine.HOLDING:
            if state.rearm_at != hit.rearm_at:  # begun, or begun anew
                outcome.holding.append((hit, state))
        elif state.phase != hit.phase:
            outcome.armed.append(hit.watch_id)
            outcome.epochs[hit.watch_id] = hit.epoch
    return outcome


# Only as long as nobody armed the watch afresh, or switched it off, since the batch was scanned.
_ARMED = """
UPDATE watches_watch w SET phase = %s, rearm_at = NULL, scan = direction, scan_level = level, scan_strict = strict
FROM unnest(%s::bigint[], %s::int[]) AS n(id, epoch) WHERE w.id = n.id AND w.epoch = n.epoch AND w.phase <> 0
"""
_COOLED = """
UPDATE watches_watch w SET phase = %s, scan = 0
FROM unnest(%s::bigint[], %s::int[]) AS n(id, epoch) WHERE w.id = n.id AND w.epoch = n.epoch AND w.phase <> 0
"""


def write_flips(outcome: Outcome) -> None:
    """Write the watches that armed, or began to cool down or to hold."""
    with connection.cursor() as cursor:
        for statement, phase, ids in ((_ARMED, Phase.ARMED, outcome.armed), (_COOLED, Phase.COOLING, outcome.cooled)):
            if ids:
                cursor.execute(statement, [phase, ids, [outcome.epochs[watch_id] for watch_id in ids]])
    write_holds(outcome.holding)


def write_holds(rows: Sequence[tuple[Hit, machine.WatchState]]) -> None:
    """Write the watches that began to hold: (hit, state after). One that was edited or switched off meanwhile stays."""
    if not rows:
        return
    columns: list[tuple[Any, ...]] = []
    for hit, state in rows:
        look = machine.scan_for(hit.spec(), state.phase, state.direction)
        columns.append((hit.watch_id, hit.epoch, state.rearm_at, look.direction, look.level, look.strict))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE watches_watch w
            SET phase = 8, rearm_at = n.rearm_at, scan = n.scan, scan_level = n.level, scan_strict = n.strict
            FROM unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::smallint[], %s::numeric[], %s::boolean[])
                 AS n(id, epoch, rearm_at, scan, level, strict)
            WHERE w.id = n.id AND w.epoch = n.epoch AND w.phase <> 0
            """,
            [list(column) for column in zip(*columns, strict=True)],
        )


def after_firing(hit: Hit, *, repeats: bool, now: datetime) -> machine.WatchState:
    """What the watch of a hit that fired becomes, were it to repeat or not."""
    repeat = Repeat(repeats=repeats, cooldown_seconds=hit.cooldown_seconds)
    return machine.after_firing(hit.spec(), repeat, hit.state(), hit.last, now)


def after_skip(hit: Hit, *, at: datetime) -> machine.WatchState:
    """What the watch of a hit that fired becomes when its owner did nothing: it tries again at `at`."""
    return machine.try_again(hit.spec(), hit.state(), at, pushed=hit.price is None)


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


def turn_off(hits: Sequence[Hit]) -> None:
    """Switch the watches of stale hits off: their owner is gone, paused, or of another epoch.

    A watch that was armed afresh after the batch was scanned is of another epoch itself, and stays.
    """
    if hits:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE watches_watch w SET phase = %s, scan = 0, rearm_at = NULL"
                " FROM unnest(%s::bigint[], %s::int[]) AS n(id, epoch) WHERE w.id = n.id AND w.epoch = n.epoch",
                [Phase.OFF, [hit.watch_id for hit in hits], [hit.epoch for hit in hits]],
            )
