"""Goals with a schedule: a timer per goal, set from its cron expression, and what happens when its time has come.

A time found late is still done, once: a rebalance is planned with the prices of its own moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from automation.rebalancing import telling
from automation.rebalancing.models import Cause, RebalanceRun
from automation.rebalancing.planning import plan_for
from automation.rebalancing.starting import Wish, start_run
from automation.rebalancing.states import RunState
from automation.triggers.cron import CRON
from portfolios.models import PortfolioGoal
from portfolios.planning.types import CannotPlan
from watches import timers
from watches.models import Timer

OWNER = "goal"
FIRE, AGAIN = "fire", "again"  # by the schedule; once more, because the market was closed then
BATCH = 100
FAR_AHEAD = timedelta(days=366)


def run_due(*, now: datetime) -> int:
    """Set the timers of goals that have none yet, and handle those that are due. Returns how many were due."""
    set_missing(now)
    done = 0
    while _handle_one(now):
        done += 1
        if done >= BATCH:
            break
    return done


def set_missing(now: datetime) -> None:
    """A timer for every goal whose schedule is new or was changed. One query when there is nothing to do."""
    current = Timer.objects.filter(owner_kind=OWNER, owner_id=OuterRef("pk"), purpose=FIRE, epoch=OuterRef("version"))
    scheduled = PortfolioGoal.objects.filter(enabled=True, archived_at=None).exclude(schedule="")
    for goal in scheduled.exclude(Exists(current)):
        _set(goal, now)


def next_due(goal: PortfolioGoal, after: datetime) -> datetime | None:
    """The schedule's first instant after `after`; None without a schedule, or if it has none within a year."""
    if not goal.schedule:
        return None
    params = CRON.parse({"expression": goal.schedule, "timezone": goal.timezone})
    found = CRON.plan(params, "").next_due(after, [])
    return found if found is not None and found <= after + FAR_AHEAD else None


def _set(goal: PortfolioGoal, after: datetime) -> None:
    """The goal's next time; if none shows, it is looked for again a year later."""
    due = next_due(goal, after) or after + FAR_AHEAD
    timers.set_timer(owner_kind=OWNER, owner_id=goal.pk, purpose=FIRE, due_at=due, epoch=goal.version)


def _handle_one(now: datetime) -> bool:
    """The oldest due timer of a goal, and what it causes, in one transaction."""
    with transaction.atomic():
        due = timers.claim_due(now, 1, OWNER)
        if not due:
            return False
        (timer,) = due
        timer.delete()
        goal = PortfolioGoal.objects.select_related("portfolio").filter(pk=timer.owner_id).first()
        if goal is None or not goal.enabled or not goal.schedule:
            return True
        if timer.purpose == FIRE:
            _set(goal, now)
            if timer.epoch != goal.version:  # of a schedule that was changed since
                return True
        _act(goal, timer, now)
    return True


def _act(goal: PortfolioGoal, timer: Timer, now: datetime) -> None:
    key = f"{timer.due_at:%Y%m%dT%H%M%S}"
    if goal.rebalance_mode != PortfolioGoal.Mode.AUTO:
        try:
            planned = plan_for(goal.portfolio, goal, {}, now=now, force=True)
        except CannotPlan as problem:
            telling.tell_no_plan(goal, problem.detail, key=f"schedule:{goal.pk}:{key}", now=now)
            return
        if planned.trades:
            telling.tell_plan(goal, planned, f"It is time to rebalance {goal.name}", f"schedule:{goal.pk}:{key}", now)
        return
    wish = Wish(
        portfolio_id=goal.portfolio_id,
        cause=Cause.SCHEDULE,
        actor="engine",
        key=f"schedule:{goal.pk}:{timer.purpose}:{key}",
        goal=goal,
        force=True,
    )
    run = start_run(wish, now=now)
    if run.state == RunState.BLOCKED:
        _try_again(goal, run, now)


def _try_again(goal: PortfolioGoal, run: RebalanceRun, now: datetime) -> None:
    """The market was closed at that time: once more when it opens."""
    if run.reason_code in ("MARKET_CLOSED", "MARKET_CLOSES_SOON") and run.plan.get("until"):
        at = max(datetime.fromisoformat(run.plan["until"]), now) + timedelta(minutes=1)
        timers.set_timer(owner_kind=OWNER, owner_id=goal.pk, purpose=AGAIN, due_at=at, epoch=goal.version)
