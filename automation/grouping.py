"""One-cancels-other groups: while one member executes the others are held; its success cancels them, else they go on.

A member is *held* (`held_by`) by an execution of a mate, from the transaction that records that firing until the one
that records its end. Firing locks the whole group in id order, so of two members only one can fire: when both are
reached in one batch it is the one created first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from automation import arming, trace_limits
from automation.models import Action, ActionExecution, ActionStatus, ActionVersion, ExecutionState
from automation.sentences import sentence
from common.giving_way import gives_way
from live.push import Announcement, announce_many
from watches import arming as watch_arming
from watches import timers

T = TypeVar("T")

_MATES = """
SELECT DISTINCT m.id FROM automation_action f
JOIN automation_action m ON m.user_id = f.user_id AND m."group" = f."group" AND m."group" <> '' AND m.id <> f.id
WHERE f.id = ANY(%s) AND f."group" <> '' AND m.status = 'active'
"""
_HOLD = """
UPDATE automation_action a SET held_by = n.held_by, next_evaluation_at = NULL
FROM unnest(%s::uuid[], %s::uuid[]) AS n(id, held_by) WHERE a.id = n.id
"""


def lock(action_ids: Collection[UUID]) -> dict[UUID, Action]:
    """The actions and the active members of their groups, all locked together in id order."""
    known = set(action_ids) | _mates(action_ids)
    while True:
        rows = Action.objects.select_for_update(of=("self",)).filter(id__in=known).order_by("id")
        actions = {action.id: action for action in rows}
        if not any(action.group for action in actions.values()):
            return actions
        # Who joins a group locks its members first: nobody can once we hold them, but somebody may have before.
        late = _mates(known) - known
        if not late:
            return actions
        known |= late


def lock_mates(actions: Iterable[Action]) -> list[Action]:
    """The active mates of actions that are locked already."""
    grouped = {action.id for action in actions if action.group}
    mates = _mates(grouped) - grouped if grouped else set()
    return list(Action.objects.select_for_update(of=("self",)).filter(id__in=mates).order_by("id")) if mates else []


def _mates(action_ids: Collection[UUID]) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_MATES, [list(action_ids)])
        return {row[0] for row in cursor.fetchall()}


class Groups:
    """The groups among locked actions, while a batch decides who fires. `save` writes who is held."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._members: dict[tuple[int, str], list[Action]] = defaultdict(list)
        for action in actions:
            if action.group:
                self._members[action.user_id, action.group].append(action)
        self._held: list[Action] = []

    def in_order(self, candidates: Sequence[tuple[T, Action]]) -> Sequence[tuple[T, Action]]:
        """Who may fire first: of a group, the member created first."""
        if not self._members:
            return candidates
        return sorted(candidates, key=lambda pair: (pair[1].created_at, pair[1].id))

    def hold_others(self, execution: ActionExecution) -> None:
        """`execution` is one of a group: its active mates wait for what becomes of it."""
        if execution.finished_at is not None:  # skipped: its conditions did not hold
            return
        action = execution.action
        for mate in self._members.get((action.user_id, action.group), ()):
            if mate.id != action.id and mate.status == ActionStatus.ACTIVE and mate.held_by is None:
                mate.held_by, mate.next_evaluation_at = execution.id, None
                self._held.append(mate)

    def save(self, now: datetime) -> None:
        """Switch off what is held, but for the end of its window."""
        if not self._held:
            return
        ids = [mate.id for mate in self._held]
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, [ids, [mate.held_by for mate in self._held]])
        watch_arming.disarm(arming.OWNER, ids)
        timers.clear_timers(arming.OWNER, ids, (arming.FIRE, arming.ARM))
        trace_limits.held(self._held, now=now)
        _announce(self._held, "held", now)


def join(action: Action, *, now: datetime) -> None:
    """A member is about to be armed (created, edited, resumed): it is held while a mate executes.

    Call holding the action's lock, before `arming.arm`; the caller saves `held_by`. A member that is itself
    executing holds the others.
    """
    if not action.group or action.held_by is not None or action.status != ActionStatus.ACTIVE:
        return
    mates = list(
        Action.objects.select_for_update(of=("self",))
        .filter(user=action.user_id, group=action.group, status=ActionStatus.ACTIVE)
        .exclude(id=action.id)
        .order_by("id")
    )
    executing = ActionExecution.objects.filter(
        action__user=action.user_id, action__group=action.group, finished_at__isnull=True
    ).order_by("triggered_at", "id")
    theirs = executing.exclude(action=action.id).first()
    if theirs is not None:
        action.held_by = theirs.id
        trace_limits.held([action], now=now)
        return
    mine = ActionExecution.objects.filter(action=action.id, finished_at__isnull=True).order_by("id").first()
    if mine is not None:
        mine.action = action
        groups = Groups([action, *mates])
        groups.hold_others(mine)
        groups.save(now)


def held_by(execution_ids: Collection[UUID]) -> QuerySet[Action]:
    """The members that wait for these executions."""
    return Action.objects.filter(held_by__in=execution_ids)


def end(ended: Sequence[ActionExecution], *, now: datetime) -> None:
    """These executions have ended: cancel or release who waited for them. In the transaction that records the end."""
    by_id = {execution.id: execution for execution in ended}
    waiting = list(
        held_by(by_id).select_for_update(of=("self",)).select_related("instrument", "portfolio").order_by("id")
    )
    cancelled, released = [], []
    for mate in waiting:
        execution = by_id.get(mate.held_by) if mate.held_by else None
        if execution is None:  # released since it was found
            continue
        done = execution.state == ExecutionState.SUCCEEDED
        if done and mate.status in (ActionStatus.ACTIVE, ActionStatus.PAUSED):
            _cancel(mate, execution, now)
            cancelled.append(mate)
        else:
            _release(mate, execution.id, now)
            released.append(mate)
    _announce(cancelled, "cancelled", now)
    _announce(released, "released", now)


def _cancel(mate: Action, execution: ActionExecution, now: datetime) -> None:
    old = mate.status
    mate.status, mate.held_by, mate.updated_at = ActionStatus.CANCELLED, None, now
    mate.status_reason = f"One cancels other: its group mate executed ({sentence(execution.action)})"[:300]
    mate.epoch += 1
    mate.version += 1
    trace_limits.cancelled_by_group([mate], by=execution.id, now=now)
    ActionVersion.objects.create(
        action=mate,
        version=mate.version,
        at=now,
        actor=f"group {mate.group}"[:80],
        changes={"status": [old, mate.status]},
    )
    arming.arm(mate, now=now)
    mate.save(
        update_fields=[
            "status", "status_reason", "held_by", "epoch", "version", "updated_at", "next_evaluation_at",
        ]
    )  # fmt: skip


def _release(mate: Action, by: UUID | None, now: datetime) -> None:
    """Watch again, afresh; or wait for the next execution of the group that is still open."""
    other = (
        ActionExecution.objects.filter(action__user=mate.user_id, action__group=mate.group, finished_at__isnull=True)
        .exclude(action=mate.id)
        .order_by("triggered_at", "id")
        .first()
        if mate.group
        else None
    )
    mate.held_by = other.id if other else None
    if other is None:
        mate.epoch += 1
        if mate.status == ActionStatus.ACTIVE:
            trace_limits.released([mate], by=by, now=now)
        arming.arm(mate, now=now)
    mate.save(update_fields=["held_by", "epoch", "next_evaluation_at"])


def end_forgotten(*, now: datetime) -> int:
    """Members whose holder ended, or is gone, without telling them. Should never find any. Returns how many."""
    open_one = ActionExecution.objects.filter(id=OuterRef("held_by"), finished_at__isnull=True)
    forgotten = Action.objects.filter(held_by__isnull=False).exclude(Exists(open_one))
    holders = [holder for holder in forgotten.values_list("held_by", flat=True)[:1000] if holder is not None]
    return _end_forgotten(holders, now) if holders else 0


@gives_way
def _end_forgotten(holders: list[UUID], now: datetime) -> int:
    found: Mapping[UUID, ActionExecution] = ActionExecution.objects.select_related(
        "action", "action__instrument"
    ).in_bulk(holders)
    gone = [holder for holder in holders if holder not in found]
    count = held_by(holders).count()
    end([execution for execution in found.values() if execution.finished_at is not None], now=now)
    for mate in held_by(gone).select_for_update(of=("self",)).select_related("instrument").order_by("id"):
        _release(mate, mate.held_by, now)
    return count


def _announce(actions: Sequence[Action], kind: str, now: datetime) -> None:
    """Tell the owners' pages."""
    announce_many(
        [
            Announcement(
                user_id=action.user_id,
                topic="actions",
                kind=kind,
                payload={"action": str(action.id), "status": str(action.status), "symbol": action.instrument_id},
            )
            for action in actions
        ],
        now,
    )
