"""Goals that drift: told once, or rebalanced, however long they stay outside their bands.

While a goal is outside there is one open `DriftEpisode`; it is what keeps the same drift from being told twice. Goals
with a schedule are left to it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from automation.rebalancing import telling
from automation.rebalancing.models import Cause, DriftEpisode
from automation.rebalancing.planning import plan_for
from automation.rebalancing.refusing import Refusal
from automation.rebalancing.starting import Wish, preview, start_run
from common.money import HUNDRED, nano
from portfolios.goals.reading import drifts
from portfolios.models import PortfolioGoal
from portfolios.planning.types import CannotPlan, Drift

AFTER_A_RUN = timedelta(days=1)  # an automatic goal still outside after its run is tried again then
AFTER_A_REFUSAL = timedelta(minutes=15)


def watch(*, now: datetime) -> int:
    """Look at every goal that is on, in a few queries for all; returns how many episodes began or were handled."""
    goals = PortfolioGoal.objects.filter(enabled=True, archived_at=None, schedule="")
    found = drifts(goals.values_list("pk", flat=True), now)
    known = {episode.goal_id: episode for episode in DriftEpisode.objects.filter(ended_at=None)}
    done = 0
    for goal_id, drift in sorted(found.items()):
        if drift.problem:  # unknown: neither in nor out
            continue
        episode = known.pop(goal_id, None)
        if drift.needs_rebalancing:
            if episode is None or _waits(episode, now):
                done += _handle(goal_id, drift, now)
        elif episode is not None:
            _end([episode.pk], now)
    _end([episode.pk for episode in known.values() if episode.goal_id not in found], now)  # switched off
    return done


def _waits(episode: DriftEpisode, now: datetime) -> bool:
    """Whether something is to be done about it now: nothing was yet, or it is time to try again."""
    if episode.try_at is None:
        return episode.handled_at is None
    return episode.try_at <= now


def _end(episodes: list[int], now: datetime) -> None:
    DriftEpisode.objects.filter(pk__in=episodes, ended_at=None).update(ended_at=now)


def _handle(goal_id: UUID, drift: Drift, now: datetime) -> bool:
    """Tell or begin a run, under the episode's lock; another sweeper at it is left to it."""
    with transaction.atomic():
        DriftEpisode.objects.bulk_create(
            [DriftEpisode(goal_id=goal_id, began_at=now, drift=nano(drift.band_use * HUNDRED))], ignore_conflicts=True
        )
        rows = DriftEpisode.objects.select_for_update(skip_locked=True, of=("self",))
        episode = rows.select_related("goal__portfolio").filter(goal=goal_id, ended_at=None).first()
        if episode is None or not _waits(episode, now):
            return False
        if episode.goal.rebalance_mode == PortfolioGoal.Mode.AUTO:
            _begin(episode, now)
        else:
            _tell(episode, now)
            episode.handled_at, episode.try_at = now, None
        episode.save(update_fields=["handled_at", "code", "try_at"])
    return True


def _tell(episode: DriftEpisode, now: datetime) -> None:
    goal, key = episode.goal, f"drift:{episode.pk}"
    try:
        planned = plan_for(goal.portfolio, goal, {}, now=now, force=False)
    except CannotPlan as problem:
        telling.tell_no_plan(goal, problem.detail, key=key, now=now)
        return
    telling.tell_plan(goal, planned, f"{goal.name} has drifted out of its band", key, now)


def _begin(episode: DriftEpisode, now: datetime) -> None:
    """Begin a run. A refusal is a run that says why, once per reason; it is tried again when that may be over."""
    goal = episode.goal
    wish = Wish(
        portfolio_id=goal.portfolio_id,
        cause=Cause.AUTO,
        actor="engine",
        key=f"auto:{episode.pk}:{now:%Y%m%dT%H%M%S}",
        goal=goal,
    )
    refusal = preview(wish, now=now).refusal
    if refusal is None or refusal.code not in (episode.code, "RUN_OPEN"):
        start_run(wish, now=now)
    if refusal is None:
        episode.handled_at, episode.code = now, ""
        episode.try_at = now + max(AFTER_A_RUN, timedelta(days=goal.cooldown_days))
        return
    episode.code, episode.try_at = refusal.code[:40], _next_try(refusal, now)


def _next_try(refusal: Refusal, now: datetime) -> datetime:
    if refusal.until is not None and refusal.until > now:
        return refusal.until + timedelta(minutes=1)
    return now + AFTER_A_REFUSAL
