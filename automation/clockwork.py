"""Timers of Actions: fire at a time, begin a window, end one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alerts.models import Alert
from alerts.raising import raise_alert
from automation import arming, firing, tracing
from automation.evaluating import may_fire
from automation.lifecycle import tell
from automation.models import Action, ActionExecution, ActionStatus
from automation.sentences import sentence
from automation.trace_kinds import Kind
from automation.triggers.base import ClockPlan
from automation.triggers.registry import TRIGGERS
from common.giving_way import gives_way
from watches import timers
from watches.models import Timer

BATCH = 500


def run_due(*, now: datetime) -> int:
    """Handle every due timer of an action. Returns how many."""
    handled = 0
    while True:
        found, done = _handle_batch(now)
        handled += done
        if found < BATCH or not done:
            return handled


@gives_way
def _handle_batch(now: datetime) -> tuple[int, int]:
    """One batch of due timers: how many were found, and how many handled."""
    due = timers.claim_due(now, BATCH, arming.OWNER)
    return len(due), _handle(due, now)


def _handle(due: list[Timer], now: datetime) -> int:
    """Handle the timers of those actions that nobody is editing now; the others wait for the next second.

    Waiting for an editor here could be a deadlock: he may be waiting for the timer we hold.
    """
    owners = {timer.owner_id for timer in due}
    actions = {
        action.id: action
        for action in Action.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("instrument")
        .filter(id__in=owners)
        .order_by("id")
    }
    busy = set(Action.objects.filter(id__in=owners - actions.keys()).values_list("id", flat=True))
    due = [timer for timer in due if timer.owner_id not in busy]
    Timer.objects.filter(id__in=[timer.id for timer in due]).delete()
    executions: list[ActionExecution] = []
    # What is due at the very end of a window still belongs to it.
    for timer in sorted(due, key=lambda timer: (timer.due_at, timer.purpose == arming.EXPIRE)):
        action = actions.get(timer.owner_id)
        if action is None:
            continue
        if timer.purpose == arming.EXPIRE:
            _expire(action, now)
        elif timer.purpose == arming.ARM and action.status == ActionStatus.ACTIVE:
            arming.arm(action, now=now)
            action.save(update_fields=["next_evaluation_at"])
        elif timer.purpose == arming.FIRE:
            executions += _fire(action, timer, now)
    firing.record(executions, now=now)
    return len(due)


def _fire(action: Action, timer: Timer, now: datetime) -> list[ActionExecution]:
    """Fire a clock trigger and set its next due time.

    A timer found too late (the system was down) does not fire: acting then would be another trade. It is told.
    """
    plan = TRIGGERS[action.trigger_type].plan(action.trigger_params, action.instrument_id or "")
    fired: list[ActionExecution] = []
    if may_fire(action, timer.epoch, timer.due_at, now):
        if now - timer.due_at <= firing.CLOCK_FIRING_LASTS:
            seen: dict[str, Any] = {"due_at": timer.due_at.isoformat(), "late_seconds": (now - timer.due_at).seconds}
            fired = [firing.fire(action, now=now, cause="trigger", observation=seen, lasts=firing.CLOCK_FIRING_LASTS)]
            tracing.clock_due(action, fired[0], timer.due_at, lasts=firing.CLOCK_FIRING_LASTS, now=now)
        else:
            _tell_missed(action, timer, now)
            tracing.missed(
                action,
                timer.due_at,
                lasts=firing.CLOCK_FIRING_LASTS,
                now=now,
                done="not run late; it waits for its next time",
                epoch=timer.epoch,
            )
    if isinstance(plan, ClockPlan) and action.status == ActionStatus.ACTIVE and not arming.used_up(action):
        arming.set_next_due(action, plan, after=now)
    else:
        action.next_evaluation_at = None
    if not fired:
        action.save(update_fields=["next_evaluation_at"])
    return fired


def _tell_missed(action: Action, timer: Timer, now: datetime) -> None:
    raise_alert(
        user_id=action.user_id,
        kind=Alert.Kind.EXPIRED,
        severity=Alert.Severity.WARNING,
        title=f"Missed at {timer.due_at:%Y-%m-%d %H:%M} UTC: {sentence(action)}"[:200],
        body="Puffling was not running at that time. The rule did not run late; it waits for its next time.",
        symbol=action.instrument_id or "",
        data={"action": str(action.id), "due_at": timer.due_at.isoformat()},
        dedupe_key=f"missed:{action.id}:{timer.due_at.isoformat()}",
        now=now,
    )


def _expire(action: Action, now: datetime) -> None:
    if action.status not in (ActionStatus.ACTIVE, ActionStatus.PAUSED):
        return
    action.status, action.updated_at = ActionStatus.EXPIRED, now
    action.status_reason = f"valid until {action.valid_until:%Y-%m-%d %H:%M} UTC" if action.valid_until else ""
    arming.disarm([action])
    action.next_evaluation_at = None
    action.save(update_fields=["status", "status_reason", "updated_at", "next_evaluation_at"])
    tracing.note(action, Kind.EXPIRED, f"its time is over: {action.status_reason or 'the end was reached'}", now=now)
    raise_alert(
        user_id=action.user_id,
        kind=Alert.Kind.EXPIRED,
        title=f"Expired: {sentence(action)}"[:200],
        body=f"It had {action.executions_count} executions.",
        symbol=action.instrument_id or "",
        data={"action": str(action.id)},
        dedupe_key=f"expired:{action.id}:{action.version}",
        now=now,
    )
    tell(action, "expired", now)
