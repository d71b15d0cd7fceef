"""Timers of Actions: fire at a time, begin a window, end one."""

from __future__ import annotations

from datetime import datetime

from alerts.models import Alert
from alerts.raising import raise_alert
from automation import arming, conditions, firing, grouping, missing, overdue, trace_limits, tracing
from automation.conditions import Verdict
from automation.evaluating import may_fire
from automation.lifecycle import tell
from automation.models import Action, ActionExecution, ActionStatus, Missed
from automation.planning import plan_of
from automation.sentences import sentence
from automation.trace_kinds import Kind
from automation.triggers.base import ClockPlan
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
    missed: list[Missed] = []
    groups = grouping.Groups([*actions.values(), *grouping.lock_mates(actions.values())])
    verdicts = conditions.check(
        [actions[timer.owner_id] for timer in due if timer.purpose != arming.EXPIRE and timer.owner_id in actions],
        now=now,
    )
    # What is due at the very end of a window still belongs to it.
    created = {action.id: action.created_at for action in actions.values()}  # of a group, the eldest goes first
    for timer in sorted(
        due, key=lambda timer: (timer.due_at, timer.purpose == arming.EXPIRE, created.get(timer.owner_id, now))
    ):
        action = actions.get(timer.owner_id)
        if action is None:
            continue
        if timer.purpose == arming.EXPIRE:
            _expire(action, now)
        elif timer.purpose in (arming.FIRE, arming.ARM) and isinstance(plan := plan_of(action), ClockPlan):
            fired = _fire(action, plan, timer, missed, verdicts.get(action.id), now)
            for execution in fired:
                groups.hold_others(execution)
            executions += fired
        elif timer.purpose == arming.ARM and action.status == ActionStatus.ACTIVE:
            arming.arm(action, now=now)
            action.save(update_fields=["next_evaluation_at"])
    groups.save(now)
    firing.record(executions, now=now)
    missing.record(missed, now=now)
    return len(due)


def _fire(
    action: Action, plan: ClockPlan, timer: Timer, missed: list[Missed], verdict: Verdict | None, now: datetime
) -> list[ActionExecution]:
    """Fire a clock trigger whose time has come (or whose window has begun), and set its next due time.

    Times found too late (the system was down) go to `missed`, and become what the rule's policy says: acting later
    would be another trade than the one asked for.
    """
    fired: list[ActionExecution] = []
    if may_fire(action, timer.epoch, timer.due_at, now):
        found = missing.judge(action, plan, timer, now=now)
        if found.run_at is not None:
            seen, lasts = overdue.seen(found.run_at, now), firing.CLOCK_FIRING_LASTS
            fired = [firing.fire(action, now=now, cause="trigger", observation=seen, lasts=lasts, verdict=verdict)]
            _trace(action, fired[0], found.run_at, verdict, now)
        passed = missing.rows(action, found, fired, now=now)
        tracing.missed(passed, epoch=timer.epoch, now=now)
        missed += passed
    if action.status == ActionStatus.ACTIVE and not arming.used_up(action):
        arming.set_next_due(action, plan, after=now)
    else:
        action.next_evaluation_at = None
    if not fired:
        action.save(update_fields=["next_evaluation_at"])
    return fired


def _trace(
    action: Action, execution: ActionExecution, due_at: datetime, verdict: Verdict | None, now: datetime
) -> None:
    if verdict is not None and not verdict.holds:
        trace_limits.clock_not_met(action, execution, due_at, verdict, now=now)
    else:
        tracing.clock_due(action, execution, due_at, now=now)


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
