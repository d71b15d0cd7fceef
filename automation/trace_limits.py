"""History entries of what stands between a level that is reached and a firing: holding, conditions, groups.

Each takes a batch and is one INSERT. A hit's rule must be loaded: `actions` maps owner ids to them, and hits without
one leave nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from automation import trace_decisions as decisions
from automation import trace_lines as lines
from automation import tracing
from automation.models import Action
from automation.trace_kinds import Kind
from automation.trace_watches import measure_for, measures_for, seen_words
from automation.tracing import Entry
from watches.crossing import Hit
from watches.machine import WatchState


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionSeen:
    """A further condition as it was when the trigger was reached. `holds` is None when it is not known."""

    sentence: str  # 'MSFT is at or above $420'
    holds: bool | None
    value: str = ""  # what was seen, with its unit


def holding(rows: Sequence[tuple[Hit, WatchState, int, datetime]], *, now: datetime) -> None:
    """Watches that were reached and must hold: (hit, state after, seconds, until when)."""
    measures = measures_for({hit.owner_id for hit, *_ in rows})
    tracing.write(
        [
            _judged(
                hit, after, Kind.HOLDING, lines.holding(seen_words(hit, measures[hit.owner_id]), seconds, until), now
            )
            for hit, after, seconds, until in rows
            if hit.owner_id in measures
        ]
    )


def hold_broken(rows: Sequence[tuple[Hit, WatchState, int, timedelta]], *, now: datetime) -> None:
    """Watches whose value came back too early: (hit, state after, seconds wanted, how long it held)."""
    measures = measures_for({hit.owner_id for hit, *_ in rows})
    tracing.write(
        [
            _judged(
                hit, after, Kind.HOLD_BROKEN, lines.hold_broken(measures[hit.owner_id], hit.last, held, wanted), now
            )
            for hit, after, wanted, held in rows
            if hit.owner_id in measures
        ]
    )


def _judged(hit: Hit, after: WatchState, kind: Kind, line: str, now: datetime) -> Entry:
    before = hit.state()
    data = {
        "by": "judge",
        **decisions.watch_data(hit.spec(), before, hit.seen()),
        "decision": decisions.watch_decision(before, after, fired=False),
    }
    return Entry(action_id=hit.owner_id, kind=kind, at=now, epoch=hit.epoch, line=line, data=data)


def conditions_not_met(
    rows: Sequence[tuple[Hit, Sequence[ConditionSeen]]], actions: Mapping[UUID, Action], *, now: datetime
) -> None:
    """Rules that were reached while a further condition did not hold, or was not known."""
    tracing.write([_not_met(hit, seen, actions[hit.owner_id], now) for hit, seen in rows if hit.owner_id in actions])


def _not_met(hit: Hit, seen: Sequence[ConditionSeen], action: Action, now: datetime) -> Entry:
    facts = [{"sentence": one.sentence, "holds": one.holds, "value": one.value} for one in seen]
    decision = decisions.conditions_decision(facts)
    known = decision["code"] == "CONDITION_FALSE"
    first = next((one for one in seen if one.holds is (False if known else None)), seen[0])
    data = {"by": "conditions", "code": decision["code"], "conditions": facts, "decision": decision}
    return Entry(
        action_id=action.id,
        kind=Kind.CONDITION_FALSE if known else Kind.CONDITION_UNKNOWN,
        at=now,
        epoch=hit.epoch,
        line=lines.condition(seen_words(hit, measure_for(action)), first.sentence, first.value, known=known),
        data=data,
    )


def held(actions: Sequence[Action], *, by: UUID, now: datetime) -> None:
    """Rules of a group that wait for the outcome of another member's execution `by`."""
    tracing.write([_of_group(action, Kind.HELD, lines.held(action.group), by, now) for action in actions])


def released(actions: Sequence[Action], *, by: UUID, now: datetime) -> None:
    """Rules of a group that are watched again: execution `by` came to nothing."""
    tracing.write([_of_group(action, Kind.RELEASED, lines.released(action.group), by, now) for action in actions])


def cancelled_by_group(actions: Sequence[Action], *, by: UUID, now: datetime) -> None:
    """Rules of a group that end because another member was executed."""
    tracing.write(
        [_of_group(action, Kind.CANCELLED, lines.ended_by_group(action.group), by, now) for action in actions]
    )


def _of_group(action: Action, kind: Kind, line: str, by: UUID, now: datetime) -> Entry:
    data = {"code": action.group, "execution": str(by)}
    return Entry(action_id=action.id, kind=kind, at=now, epoch=action.epoch, line=line, data=data)
