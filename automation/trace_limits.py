"""History entries of what stands between a level that is reached and a firing: holding, conditions, groups.

Each takes a batch and is one INSERT. A hold that breaks is among `trace_watches.flips`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from automation import trace_decisions as decisions
from automation import trace_lines as lines
from automation import tracing
from automation.conditions import Verdict
from automation.models import Action, ActionExecution
from automation.sentences import condition_sentence
from automation.trace_kinds import Kind
from automation.trace_lines import Measure
from automation.trace_watches import measure_for, measures_for, seen_words
from automation.tracing import Entry
from common.money import plain
from watches.crossing import Hit
from watches.machine import WatchState


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionSeen:
    """A further condition as it was when the trigger was reached. `holds` is None when it is not known."""

    sentence: str  # 'MSFT is at or above $420'
    holds: bool | None
    value: str = ""  # what was seen, with its unit


def seen(verdict: Verdict) -> list[ConditionSeen]:
    """What a rule's conditions came to, in the words of a history entry."""
    return [
        ConditionSeen(
            sentence=condition_sentence(asked.kind, asked.params, asked.symbol),
            holds=reading.holds,
            value=reading.note if reading.value is None else f"it is {plain(reading.value)}",
        )
        for asked, reading in verdict.readings
    ]


def holding(rows: Sequence[tuple[Hit, WatchState, int]], *, now: datetime) -> None:
    """Watches that were reached and must hold until their `rearm_at`: (hit, state after, seconds)."""
    measures = measures_for({hit.owner_id for hit, *_ in rows})
    tracing.write(
        [_holding(*row, measures[row[0].owner_id], now) for row in rows if row[0].owner_id in measures],
    )


def _holding(hit: Hit, after: WatchState, seconds: int, measure: Measure, now: datetime) -> Entry:
    before = hit.state()
    until = after.rearm_at or now + timedelta(seconds=seconds)
    data = {
        "by": "judge",
        **decisions.watch_data(hit.spec(), before, hit.seen()),
        "decision": decisions.watch_decision(before, after, fired=False),
    }
    line = lines.holding(seen_words(hit, measure), seconds, until)
    return Entry(action_id=hit.owner_id, kind=Kind.HOLDING, at=now, epoch=hit.epoch, line=line, data=data)


def conditions_not_met(rows: Sequence[tuple[Hit, Action, Sequence[ConditionSeen]]], *, now: datetime) -> None:
    """Rules that were reached while a further condition did not hold, or was not known."""
    tracing.write(
        [
            _not_met(action, hit.epoch, seen_words(hit, measure_for(action)), conditions, now)
            for hit, action, conditions in rows
        ]
    )


def clock_not_met(
    action: Action, execution: ActionExecution, due_at: datetime, verdict: Verdict, *, now: datetime
) -> None:
    """A clock rule's time came while a further condition did not hold, or was not known."""
    tracing.write([_not_met(action, execution.epoch, lines.clock_came(due_at), seen(verdict), now)])


def _not_met(action: Action, epoch: int, words: str, seen: Sequence[ConditionSeen], now: datetime) -> Entry:
    facts = [{"sentence": one.sentence, "holds": one.holds, "value": one.value} for one in seen]
    decision = decisions.conditions_decision(facts)
    known = decision["code"] == "CONDITION_FALSE"
    first = next((one for one in seen if one.holds is (False if known else None)), seen[0])
    data = {"by": "conditions", "code": decision["code"], "conditions": facts, "decision": decision}
    return Entry(
        action_id=action.id,
        kind=Kind.CONDITION_FALSE if known else Kind.CONDITION_UNKNOWN,
        at=now,
        epoch=epoch,
        line=lines.condition(words, first.sentence, first.value, known=known),
        data=data,
    )


def held(actions: Sequence[Action], *, now: datetime) -> None:
    """Rules of a group that wait for the outcome of another member's execution, their `held_by`."""
    tracing.write([_of_group(action, Kind.HELD, lines.held(action.group), action.held_by, now) for action in actions])


def released(actions: Sequence[Action], *, by: UUID | None, now: datetime) -> None:
    """Rules of a group that are watched again: execution `by` came to nothing."""
    tracing.write([_of_group(action, Kind.RELEASED, lines.released(action.group), by, now) for action in actions])


def cancelled_by_group(actions: Sequence[Action], *, by: UUID | None, now: datetime) -> None:
    """Rules of a group that end because another member's execution `by` was carried out."""
    tracing.write(
        [_of_group(action, Kind.CANCELLED, lines.ended_by_group(action.group), by, now) for action in actions]
    )


def _of_group(action: Action, kind: Kind, line: str, by: UUID | None, now: datetime) -> Entry:
    data = {"code": action.group, "mate": str(by) if by else None}
    return Entry(action_id=action.id, kind=kind, at=now, epoch=action.epoch, line=line, data=data)
