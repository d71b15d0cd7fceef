"""History entries of the engine's batches: what each watch that was reached came to. See `tracing`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from automation import arming, tracing
from automation import trace_decisions as decisions
from automation import trace_lines as lines
from automation.models import Action, ActionExecution
from automation.trace_kinds import Kind
from automation.trace_lines import Measure
from automation.tracing import Entry
from common.money import plain
from markets.observables import USABLE_FOR
from watches import following, machine
from watches.crossing import Hit, Outcome
from watches.machine import WatchState
from watches.specs import Repeat
from watches.waiting import Rearmed

MOST_TOO_OLD = 10_000


def measure_for(action: Action) -> Measure:
    return lines.measure_of(action.trigger_type, action.trigger_params, action.instrument_id or "")


def measures_for(action_ids: Collection[UUID]) -> dict[UUID, Measure]:
    """The words for the values of rules that are not loaded."""
    rows = Action.objects.filter(id__in=action_ids).values_list("id", "trigger_type", "trigger_params", "instrument_id")
    return {id: lines.measure_of(kind, params, symbol or "") for id, kind, params, symbol in rows}


def seen_words(hit: Hit, measure: Measure) -> str:
    """'AAPL 189.90 is at or above 189.50': how the entries about a reached watch begin."""
    return lines.reached(measure, hit.spec(), hit.direction, hit.value, hit.last)


# --- fired, or reached and not fired
def fired(rows: Sequence[tuple[Hit, WatchState, ActionExecution]], *, now: datetime) -> None:
    """Firings: each hit with what its watch became and its execution."""
    tracing.write([_fired(hit, after, execution, now) for hit, after, execution in rows])


def _fired(hit: Hit, after: WatchState, execution: ActionExecution, now: datetime) -> Entry:
    action, spec, before = execution.action, hit.spec(), hit.state()
    repeat = Repeat(repeats=not arming.used_up(action), cooldown_seconds=hit.cooldown_seconds)
    measure = measure_for(action)
    seen = lines.reached(measure, spec, hit.direction, hit.value, hit.last)
    data = {
        "by": "judge",
        **decisions.watch_data(spec, before, hit.seen(), repeat),
        "decision": decisions.watch_decision(before, after, fired=True),
        **tracing.links(execution),
    }
    return Entry(
        action_id=action.id,
        kind=Kind.FIRED,
        at=now,
        epoch=execution.epoch,
        line=lines.fired(seen, measure, spec, after),
        data=data,
    )


def stale(hits: Iterable[Hit], stale_ids: Collection[int], actions: Mapping[UUID, Action], *, now: datetime) -> None:
    """Hits whose rule no longer stood behind them. Those without a rule leave nothing: there is nobody to ask."""
    gone = set(stale_ids)
    tracing.write(
        [_stale(hit, actions[hit.owner_id], now) for hit in hits if hit.watch_id in gone and hit.owner_id in actions]
    )


def _stale(hit: Hit, action: Action, now: datetime) -> Entry:
    facts = {
        "status": str(action.status),
        "rule_epoch": action.epoch,
        "watch_epoch": hit.epoch,
        "executions": action.executions_count,
        "maximum": action.max_executions,
        "valid_from": action.valid_from.isoformat() if action.valid_from else None,
        "valid_until": action.valid_until.isoformat() if action.valid_until else None,
        "seen_at": hit.seen_at.isoformat(),
        "held_by": str(action.held_by) if action.held_by else None,
    }
    decision = decisions.standing_decision({**facts, "now": now.isoformat()})
    seen = {"value": plain(hit.value), "last": plain(hit.last), "level": plain(hit.level)}
    return Entry(
        action_id=action.id,
        kind=Kind.STALE,
        at=now,
        epoch=hit.epoch,
        line=lines.stale(seen_words(hit, measure_for(action)), decision["code"], str(action.status)),
        data={"by": "standing", "code": decision["code"], "facts": facts, "saw": seen, "decision": decision},
    )


_TOO_OLD = """
SELECT w.owner_id, w.epoch, q.symbol, CASE WHEN w.direction > 0 THEN q.high ELSE q.low END, w.direction, w.level,
       q.received_at
FROM markets_quote q
JOIN watches_series s ON s.subject = q.symbol AND s.observable = 'price'
CROSS JOIN LATERAL (
    SELECT * FROM watches_watch i WHERE i.series_id = s.id AND i.scan = 1 AND i.scan_level <= q.high
    UNION ALL
    SELECT * FROM watches_watch i WHERE i.series_id = s.id AND i.scan = -1 AND i.scan_level >= q.low
) w
WHERE q.dirty AND q.received_at <= %(oldest)s AND (%(symbols)s::text[] IS NULL OR q.symbol = ANY(%(symbols)s))
  AND w.phase = 1 AND w.follow IS NULL AND w.owner_kind = %(owner)s
LIMIT %(limit)s
"""


def quotes_too_old(*, symbols: Sequence[str] | None, now: datetime) -> None:
    """Prices that would have fired a price rule, found too late: before the engine takes them without looking."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TOO_OLD,
            {
                "oldest": now - USABLE_FOR,
                "symbols": None if symbols is None else list(symbols),
                "owner": arming.OWNER,
                "limit": MOST_TOO_OLD,
            },
        )
        rows = cursor.fetchall()
    tracing.write([_too_old(*row, now=now) for row in rows])


def _too_old(
    action_id: UUID,
    epoch: int,
    symbol: str,
    price: Decimal,
    direction: int,
    level: Decimal,
    received_at: datetime,
    *,
    now: datetime,
) -> Entry:
    decision = decisions.age_decision(received_at, USABLE_FOR, now)
    data = {
        "by": "age",
        "code": decision["code"],
        "received_at": received_at.isoformat(),
        "usable_for": USABLE_FOR.total_seconds(),
        "saw": {"value": plain(price), "level": plain(level)},
        "decision": decision,
    }
    line = lines.too_old(symbol, price, direction, level, received_at)
    return Entry(action_id=action_id, kind=Kind.QUOTE_TOO_OLD, at=now, epoch=epoch, line=line, data=data)


# --- the watch moves on without firing
def flips(hits: Iterable[Hit], outcome: Outcome, *, now: datetime) -> None:
    """Watches that saw the other side, came back after a firing (or into its cooldown), or broke their hold."""
    becomes = {**dict.fromkeys(outcome.armed, machine.ARMED), **dict.fromkeys(outcome.cooled, machine.COOLING)}
    if not becomes:
        return
    moved = [hit for hit in hits if hit.watch_id in becomes and hit.owner_kind == arming.OWNER]
    measures = measures_for({hit.owner_id for hit in moved})
    tracing.write(
        [_flip(hit, becomes[hit.watch_id], measures[hit.owner_id], now) for hit in moved if hit.owner_id in measures]
    )


# What a watch that is armed again did, by the phase it was in; any other phase is one that held.
_FLIPPED = {machine.PRIME: Kind.PRIMED, machine.RECOVER: Kind.RECOVERED}


def _flip(hit: Hit, phase: int, measure: Measure, now: datetime) -> Entry:
    spec, before = hit.spec(), hit.state()
    after = replace(before, phase=phase)
    kind = Kind.COOLING
    if phase == machine.ARMED:
        after, kind = replace(after, rearm_at=None), _FLIPPED.get(before.phase, Kind.HOLD_BROKEN)
    if kind == Kind.HOLD_BROKEN:
        line = lines.hold_broken(measure, hit.value, before.rearm_at)
    else:
        line = lines.flipped(measure, spec, before, after, hit.seen())
    data = {
        "by": "judge",
        **decisions.watch_data(spec, before, hit.seen()),
        "decision": decisions.watch_decision(before, after, fired=False),
    }
    return Entry(action_id=hit.owner_id, kind=kind, at=now, epoch=hit.epoch, line=line, data=data)


def references(hits: Sequence[Hit], activated: Sequence[Hit], *, now: datetime) -> None:
    """Following watches that saw their first price. `activated` are those of them that fire at once."""
    ours = [hit for hit in hits if hit.owner_kind == arming.OWNER]
    if not ours:
        return
    measures = measures_for({hit.owner_id for hit in ours})
    at_once = {hit.watch_id for hit in activated}
    tracing.write(
        [
            _reference(hit, measures[hit.owner_id], now, fires=hit.watch_id in at_once)
            for hit in ours
            if hit.owner_id in measures
        ]
    )


def _reference(hit: Hit, measure: Measure, now: datetime, *, fires: bool) -> Entry:
    spec, before = hit.spec(), hit.state()
    either = spec.follow is not None and spec.follow.kind == "either_way"
    direction = following.direction_of(hit) if either else hit.direction
    reference = following.reference_of(hit)
    decision = decisions.reference_decision(None if either else reference, direction, fired=fires)
    return Entry(
        action_id=hit.owner_id,
        kind=Kind.REFERENCE_TAKEN,
        at=now,
        epoch=hit.epoch,
        line=lines.referred(measure, spec, before, reference, direction, hit.subject),
        data={"by": "reference", **decisions.watch_data(spec, before, hit.seen()), "decision": decision},
    )


def rearmed(rows: Sequence[Rearmed], *, now: datetime) -> None:
    """Watches whose cooldown is over. Another wait that is over says nothing new: its entry told until when it lasts.

    That keeps a rule that is reached and stopped, again and again for the same reason, to one row that counts.
    """
    over = [row for row in rows if row.owner_kind == arming.OWNER and row.old_phase == machine.COOLING]
    tracing.write([_rearmed(row, now) for row in over])


def _rearmed(row: Rearmed, now: datetime) -> Entry:
    spec, before = row.spec(), row.before()
    after = replace(before, phase=row.phase, rearm_at=None)
    return Entry(
        action_id=row.owner_id,
        kind=Kind.REARMED,
        at=now,
        epoch=row.epoch,
        line=lines.rearmed(row.phase),
        data={
            "by": "rearm",
            **decisions.watch_data(spec, before),
            "decision": decisions.watch_decision(before, after, fired=False),
        },
    )
