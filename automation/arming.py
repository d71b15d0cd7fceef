"""Turn an Action's trigger and limits into a watch and timers. Call holding the Action's row lock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Case, F, Value, When

from automation import tracing
from automation.models import Action, ActionStatus
from automation.triggers.base import ClockPlan, SessionTimes
from automation.triggers.registry import TRIGGERS
from common.enqueue import nudge
from markets import calendar
from markets.models import Quote
from watches import arming, timers
from watches.specs import Repeat

OWNER = "action"
FIRE, ARM, EXPIRE = "fire", "arm", "expire"
_LOOK_AHEAD = timedelta(days=15)


def arm(action: Action, *, now: datetime) -> None:
    """Watch for the action's trigger under its present epoch, forgetting what was watched before.

    Sets `next_evaluation_at`; the caller saves it. A rule whose window has not begun is armed when it begins.
    """
    disarm([action])
    action.next_evaluation_at = None
    if action.valid_until and action.status in (ActionStatus.ACTIVE, ActionStatus.PAUSED):
        _timer(action, EXPIRE, action.valid_until)
    if action.status != ActionStatus.ACTIVE:
        return
    if action.valid_from and action.valid_from > now:
        _timer(action, ARM, action.valid_from)
        action.next_evaluation_at = action.valid_from
        tracing.scheduled(action, action.valid_from, now=now, begins=True)
        return
    if used_up(action):
        return
    plan = TRIGGERS[action.trigger_type].plan(action.trigger_params, action.instrument_id or "")
    if isinstance(plan, ClockPlan):
        set_next_due(action, plan, after=now)
        return
    repeat = Repeat(repeats=more_than_one_left(action), cooldown_seconds=action.cooldown_seconds)
    arming.arm(owner_kind=OWNER, owner_id=action.id, epoch=action.epoch, spec=plan.spec, repeat=repeat, now=now)
    tracing.armed(action, plan.spec, now=now)
    wake([plan.spec.series.subject], now=now)


def disarm(actions: Iterable[Action]) -> None:
    """Stop watching for these actions."""
    ids = [action.id for action in actions]
    arming.disarm(OWNER, ids)
    timers.clear_timers(OWNER, ids)


def set_next_due(action: Action, plan: ClockPlan, *, after: datetime) -> None:
    """Set the timer of a clock trigger to its next instant after `after`.

    When the calendar shows none (it does not reach that far, or was never filled), look again tomorrow.
    """
    due = plan.next_due(after, sessions_from(action, after))
    if due is None:
        _timer(action, ARM, after + timedelta(days=1))
    elif action.valid_until and due > action.valid_until:
        due = None
    else:
        _timer(action, FIRE, due)
    action.next_evaluation_at = due
    tracing.scheduled(action, due, now=after)


def sessions_from(action: Action, after: datetime) -> list[SessionTimes]:
    """The coming sessions of the exchange whose clock the action follows."""
    exchange = action.instrument.exchange_id if action.instrument else "XNYS"
    return [
        SessionTimes(date=session.date, opens_at=session.opens_at, closes_at=session.closes_at)
        for session in calendar.sessions_between(
            exchange, (after - timedelta(days=1)).date(), (after + _LOOK_AHEAD).date()
        )
    ]


def wake(symbols: list[str], *, now: datetime) -> None:
    """Show the standing quotes to the engine again, so that a rule that is already true fires at once.

    A quote already seen begins a new range now: the one it was seen in is history for everybody.
    """
    since = Case(When(dirty=True, then=F("range_since")), default=Value(now))
    if Quote.objects.filter(instrument__in=symbols).update(dirty=True, range_since=since):
        nudge("automation.evaluate_quotes", queue="ticks")


def used_up(action: Action) -> bool:
    """Whether the action has had all its executions."""
    return action.max_executions is not None and action.executions_count >= action.max_executions


def more_than_one_left(action: Action) -> bool:
    """Whether a firing now would leave at least one more."""
    return action.max_executions is None or action.executions_count + 1 < action.max_executions


def _timer(action: Action, purpose: str, due_at: datetime) -> None:
    timers.set_timer(owner_kind=OWNER, owner_id=action.id, purpose=purpose, due_at=due_at, epoch=action.epoch)
