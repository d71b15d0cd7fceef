"""Why it traded, and why it did not: one `Trace` row for every evaluation that changed something, or would have.

The engine hands over batches and each batch is one INSERT; a storm of firings costs it two statements. What is the
same again is counted in the row before. `trace_watches` has the entries of the engine's batches, this module the
writing, and the entries about one rule at a time. Call these inside the transaction of what they tell about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from automation import trace_decisions as decisions
from automation import trace_lines as lines
from automation.models import Action, ActionExecution, Missed, MissedPolicy, Trace
from automation.overdue import ON_TIME
from automation.sentences import sentence, trigger_sentence
from automation.trace_kinds import ROLLING, Kind
from common.bulk import insert_columns, texts
from watches import machine
from watches.specs import WatchSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A row to be. `line` is one English sentence, see `trace_lines`; `data` what it was decided from."""

    action_id: UUID
    kind: Kind
    at: datetime
    epoch: int
    line: str
    data: Mapping[str, Any] = field(default_factory=dict)


def write(entries: Sequence[Entry]) -> None:
    """Store a batch, in this order: one INSERT, and one UPDATE for those that only count what the row before says."""
    rows = _not_rolled(entries)
    if not rows:
        return
    ats = [entry.at for entry in rows]
    insert_columns(
        Trace,
        {
            "action_id": [entry.action_id for entry in rows],
            "at": ats,
            "kind": [entry.kind.value for entry in rows],
            "epoch": [entry.epoch for entry in rows],
            "line": [lines.clip(entry.line) for entry in rows],
            "data": [entry.data for entry in rows],
            "count": [1] * len(rows),
            "last_at": ats,
        },
    )


# An entry that says the same as its rule's newest row. The rows of a rule are written under the locks of the engine's
# batch or of the rule; two that meet all the same count one too few, no more.
_ROLL = """
WITH new AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[])
        WITH ORDINALITY AS n(action_id, kind, code, at, i)
), same AS (
    SELECT t.id, n.at, n.i FROM new n
    CROSS JOIN LATERAL (
        SELECT id, kind, data->>'code' AS code FROM automation_trace
        WHERE action_id = n.action_id ORDER BY id DESC LIMIT 1
    ) t
    WHERE t.kind = n.kind AND t.code IS NOT DISTINCT FROM n.code
), locked AS (
    SELECT id FROM automation_trace WHERE id IN (SELECT id FROM same) ORDER BY id FOR UPDATE
)
UPDATE automation_trace t SET count = t.count + 1, last_at = GREATEST(t.last_at, same.at)
FROM same JOIN locked USING (id) WHERE t.id = same.id RETURNING same.i
"""


def _not_rolled(entries: Sequence[Entry]) -> list[Entry]:
    """The entries that need rows of their own; the others are counted in the row before."""
    rolling: dict[UUID, Entry] = {}  # the first of each rule in this batch: the others follow something new
    met: set[UUID] = set()
    for entry in entries:
        if entry.kind in ROLLING and entry.action_id not in met:
            rolling[entry.action_id] = entry
        met.add(entry.action_id)
    if not rolling:
        return list(entries)
    chosen = list(rolling.values())
    columns: list[list[Any]] = [
        [entry.action_id for entry in chosen],
        [entry.kind.value for entry in chosen],
        [entry.data.get("code") for entry in chosen],
        [entry.at for entry in chosen],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_ROLL, [texts(column) for column in columns])
        rolled = {id(chosen[row[0] - 1]) for row in cursor.fetchall()}
    return [entry for entry in entries if id(entry) not in rolled]


def replay(trace: Trace) -> Mapping[str, Any] | None:
    """The decision of a stored evaluation, made again from its row alone; None for a row that tells of none."""
    return decisions.replay(trace.data, trace.at)


# --- one rule at a time
def note(action: Action, kind: Kind, line: str, *, now: datetime, epoch: int | None = None, **data: Any) -> None:
    """An entry that was not decided by the engine: an edit, a pause."""
    write([_entry(action, kind, line, now=now, epoch=epoch, **data)])


def _entry(action: Action, kind: Kind, line: str, *, now: datetime, epoch: int | None = None, **data: Any) -> Entry:
    return Entry(
        action_id=action.id,
        kind=kind,
        at=now,
        epoch=action.epoch if epoch is None else epoch,
        line=line,
        data=data,
    )


def created(actions: Sequence[Action], *, actor: str, now: datetime) -> None:
    """Rules were made."""
    write(
        [
            _entry(action, Kind.CREATED, f"made by {actor}: {sentence(action)}", now=now, by_whom=actor)
            for action in actions
        ]
    )


def armed(action: Action, spec: WatchSpec, *, now: datetime) -> Entry:
    """The rule's watch is armed afresh. The caller writes the entry, with those of the other rules it arms."""
    phase = machine.start(spec, now).phase
    data = {"by": "start", "spec": decisions.encode(spec), "decision": {"fired": False, "phase": phase}}
    return _entry(action, Kind.ARMED, lines.armed(trigger_sentence(action), phase), now=now, **data)


def scheduled(action: Action, due_at: datetime | None, *, now: datetime, begins: bool = False) -> Entry:
    """A clock trigger's next time is set, or the moment a rule's window begins. The caller writes the entry."""
    line = lines.scheduled(due_at, begins=begins)
    return _entry(action, Kind.SCHEDULED, line, now=now, due_at=due_at.isoformat() if due_at else None)


def clock_due(action: Action, execution: ActionExecution, due_at: datetime, *, now: datetime) -> None:
    """A time came, or one that was missed is run late, and the rule fired."""
    on_time = now - due_at <= ON_TIME
    lasts = ON_TIME if on_time else _lasts(action)
    data = {
        "by": "clock",
        "due_at": due_at.isoformat(),
        "lasts": lasts.total_seconds(),
        "decision": {"fired": True},
        **links(execution),
    }
    note(action, Kind.CLOCK_DUE, lines.clock_due(due_at, now - due_at), now=now, epoch=execution.epoch, **data)


def missed(rows: Sequence[Missed], *, epoch: int, now: datetime) -> None:
    """Times of one rule that passed while nobody was there, and what its policy made of them.

    One that was run late is not among them: `clock_due` tells of it.
    """
    write([_missed(row, epoch, now) for row in rows if row.outcome != Missed.Outcome.RAN_LATE])


def _missed(row: Missed, epoch: int, now: datetime) -> Entry:
    lasts = _lasts(row.action)
    data: dict[str, Any] = {"due_at": row.due_at.isoformat(), "policy": str(row.policy), "outcome": str(row.outcome)}
    if now - row.due_at > lasts:  # else it was not its age that decided, but a later time or the clock change
        data |= {"by": "clock", "lasts": lasts.total_seconds(), "decision": {"fired": False}}
    down = now - row.due_at > ON_TIME  # else the clock was set forward, and the time did not exist
    line = lines.missed(row.due_at, row.note) if down else row.note
    return _entry(row.action, Kind.MISSED, line, now=now, epoch=epoch, **data)


def _lasts(action: Action) -> timedelta:
    """How late the rule may run."""
    late = action.missed_policy == MissedPolicy.RUN_LATE
    return max(ON_TIME, timedelta(minutes=action.run_late_minutes or 0)) if late else ON_TIME


def by_hand(action: Action, execution: ActionExecution, *, actor: str, now: datetime) -> None:
    """A person executed the rule."""
    note(action, Kind.BY_HAND, lines.by_hand(actor), now=now, epoch=execution.epoch, **links(execution))


STATUS = {
    "paused": (Kind.PAUSED, "paused"),
    "active": (Kind.RESUMED, "resumed"),
    "cancelled": (Kind.CANCELLED, "cancelled"),
}


def status_changed(action: Action, *, actor: str, now: datetime) -> None:
    """A person paused, resumed or cancelled the rule."""
    kind, word = STATUS[str(action.status)]
    note(action, kind, f"{word} by {actor}", now=now, by_whom=actor)


def edited(action: Action, fields: Sequence[str], *, actor: str, now: datetime) -> None:
    """A person changed the rule's settings; the version holds the values."""
    write([edit(action, fields, actor=actor, now=now)])


def edit(action: Action, fields: Sequence[str], *, actor: str, now: datetime) -> Entry:
    """The entry of an edit, to be written with others."""
    names = ", ".join(name.replace("_", " ") for name in fields)
    line = f"edited by {actor}: {names}"
    return _entry(action, Kind.EDITED, line, now=now, fields=list(fields), version=action.version)


def links(execution: ActionExecution) -> dict[str, str]:
    """What leads from a firing's entries to its execution, and by the trace id to its orders and alerts."""
    return {"execution": str(execution.id), "trace_id": str(execution.trace_id)}
