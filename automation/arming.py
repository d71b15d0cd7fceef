"""Turn an Action's trigger and limits into a watch and timers. Call holding the Action's row lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from automation import tracing
from automation.models import Action, ActionStatus
from automation.planning import plan_of
from automation.triggers.base import ClockPlan, RequestPlan, SessionTimes, WatchPlan
from markets import calendar
from markets.waking import wake as wake
from markets.waking import wake_unless_busy as wake_unless_busy
from watches import arming, timers
from watches.specs import Repeat

OWNER = "action"
FIRE, ARM, EXPIRE = "fire", "arm", "expire"
_LOOK_AHEAD = timedelta(days=15)
_FAR_AHEAD = timedelta(days=3 * 366)  # as far as a calendar is filled
_SAVE_NEXT = """
UPDATE automation_action a SET next_evaluation_at = n.next
FROM unnest(%s::uuid[], %s::timestamptz[]) AS n(id, next) WHERE a.id = n.id
"""


def arm(action: Action, *, now: datetime) -> None:
    """Watch for the action's trigger under its present epoch, forgetting what was watched before.

    Sets `next_evaluation_at`; the caller saves it. A rule whose window has not begun is armed when it begins, one
    that is held by a mate of its group when that lets it go.
    """
    disarm([action])
    entries: list[tracing.Entry] = []
    plan = _to_watch(action, entries, now)
    if plan is not None:
        repeat = _repeat(action)
        arming.arm(owner_kind=OWNER, owner_id=action.id, epoch=action.epoch, spec=plan.spec, repeat=repeat, now=now)
        entries.append(tracing.armed(action, plan.spec, now=now))
        wake([plan.spec.series.subject], now=now)
    tracing.write(entries)


def arm_new(actions: Sequence[Action], *, now: datetime) -> None:
    """`arm` for rules just created, of which nothing is watched yet: a few statements for all of them.

    Sets and saves `next_evaluation_at`.
    """
    entries: list[tracing.Entry] = []
    plans = [(action, plan) for action in actions if (plan := _to_watch(action, entries, now)) is not None]
    armings = [
        arming.Arming(owner_id=action.id, epoch=action.epoch, spec=plan.spec, repeat=_repeat(action))
        for action, plan in plans
    ]
    arming.arm_many(owner_kind=OWNER, armings=armings, now=now)
    tracing.write([*entries, *(tracing.armed(action, plan.spec, now=now) for action, plan in plans)])
    wake(sorted({plan.spec.series.subject for _, plan in plans}), now=now)
    timed = [(action.id, action.next_evaluation_at) for action in actions if action.next_evaluation_at is not None]
    if timed:
        with connection.cursor() as cursor:
            cursor.execute(_SAVE_NEXT, [list(column) for column in zip(*timed, strict=True)])


def _to_watch(action: Action, entries: list[tracing.Entry], now: datetime) -> WatchPlan | None:
    """What to watch for now; None when it waits for a time or for nothing.

    Sets timers and `next_evaluation_at`; what the rule's history says of a time goes to `entries`.
    """
    action.next_evaluation_at = None
    if action.valid_until and action.status in (ActionStatus.ACTIVE, ActionStatus.PAUSED):
        _timer(action, EXPIRE, action.valid_until)
    if action.status != ActionStatus.ACTIVE or action.held_by is not None:
        return None
    if action.valid_from and action.valid_from > now:
        _timer(action, ARM, action.valid_from)
        action.next_evaluation_at = action.valid_from
        entries.append(tracing.scheduled(action, action.valid_from, now=now, begins=True))
        return None
    if used_up(action):
        return None
    plan = plan_of(action)
    if isinstance(plan, RequestPlan):
        return None
    if isinstance(plan, ClockPlan):
        entries.append(_set_next_due(action, plan, now))
        return None
    return plan


def _repeat(action: Action) -> Repeat:
    return Repeat(repeats=more_than_one_left(action), cooldown_seconds=action.cooldown_seconds)


def disarm(actions: Iterable[Action]) -> None:
    """Stop watching for these actions."""
    ids = [action.id for action in actions]
    arming.disarm(OWNER, ids)
    timers.clear_timers(OWNER, ids)


def set_next_due(action: Action, plan: ClockPlan, *, after: datetime) -> None:
    """Set the timer of a clock trigger to its next occasion after `after`, be it one that the clock jumps over.

    When the calendar shows none (it does not reach that far, or was never filled), look again tomorrow.
    """
    if isinstance(plan, RequestPlan):
        action.next_evaluation_at = None
    else:
        tracing.write([_set_next_due(action, plan, after)])


def _set_next_due(action: Action, plan: ClockPlan, after: datetime) -> tracing.Entry:
    sessions, due = _coming(action, plan, after)
    occasion = next(plan.occasions(after, sessions), None)
    if occasion is None:
        _timer(action, ARM, after + timedelta(days=1))
    elif not action.valid_until or occasion.at <= action.valid_until:
        _timer(action, FIRE, occasion.at)
    action.next_evaluation_at = None if due and action.valid_until and due > action.valid_until else due
    return tracing.scheduled(action, action.next_evaluation_at, now=after)


def next_due(action: Action, plan: ClockPlan, *, after: datetime) -> datetime | None:
    """When a clock trigger is due next after `after`, as far as the calendar shows."""
    return _coming(action, plan, after)[1]


def _coming(action: Action, plan: ClockPlan, after: datetime) -> tuple[list[SessionTimes], datetime | None]:
    """The sessions that show the next due time, and that time. A far-reaching plan gets all sessions if it needs to."""
    sessions = sessions_from(action, after)
    due = plan.next_due(after, sessions)
    if due is None and plan.far:
        sessions = sessions_from(action, after, until=after + _FAR_AHEAD)
        due = plan.next_due(after, sessions)
    return sessions, due


def sessions_from(action: Action, after: datetime, *, until: datetime | None = None) -> list[SessionTimes]:
    """The sessions of the exchange whose clock the action follows, from `after` on for a fortnight (or to `until`)."""
    exchange = action.instrument.exchange_id if action.instrument else "XNYS"
    return [
        SessionTimes(date=session.date, opens_at=session.opens_at, closes_at=session.closes_at)
        for session in calendar.sessions_between(
            exchange, (after - timedelta(days=1)).date(), (until or after + _LOOK_AHEAD).date()
        )
    ]


def symbols_of(owners: Iterable[tuple[str, UUID]]) -> list[str]:
    """The symbols of those owners of watches that are rules."""
    ids = [owner_id for kind, owner_id in owners if kind == OWNER]
    if not ids:
        return []
    rules = Action.objects.filter(id__in=ids, instrument__isnull=False)
    return list(rules.values_list("instrument_id", flat=True).distinct())


def used_up(action: Action) -> bool:
    """Whether the action has had all its executions."""
    return action.max_executions is not None and action.executions_count >= action.max_executions


def more_than_one_left(action: Action) -> bool:
    """Whether a firing now would leave at least one more."""
    return action.max_executions is None or action.executions_count + 1 < action.max_executions


def _timer(action: Action, purpose: str, due_at: datetime) -> None:
    timers.set_timer(owner_kind=OWNER, owner_id=action.id, purpose=purpose, due_at=due_at, epoch=action.epoch)
