"""Replays that take a while, as rows: queued, claimed under a lease, reported every half second, cancelled, kept.

How a row is claimed, reported and handed on is in `automation.leasing`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from automation.drafts import as_raw
from automation.leasing import OPEN, REPORT_SECONDS, TURN_SECONDS, Leases
from automation.lifecycle import shown_value
from automation.models import Action, ActionType, ReplayRun
from automation.planning import plan_of
from automation.replay import answering
from automation.replay.asking import Question, draft_action, read_question, with_value
from automation.replay.loading import count_bars
from automation.triggers.base import RequestPlan
from common.errors import Conflict, InvalidInput, NotFound, PufflingError

LEASES = Leases(ReplayRun, "automation.run_replay")
State = ReplayRun.State
SMALL = 200_000  # bars; a single replay over fewer is answered at once
MOST_OPEN = 5  # per user
KEPT = 50  # ended runs per user


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Either the result of a small replay, or the run that will have it."""

    result: dict[str, Any] | None = None
    run: ReplayRun | None = None


def ask(*, user: User, action: Action, data: Mapping[str, Any], now: datetime) -> Answered:
    """Replay a stored rule: at once when it is small, else queued. Raises InvalidInput, Conflict."""
    question = read_question(data, portfolio=action.portfolio, symbol=action.instrument_id or "", now=now)
    return _ask(user, action, question, data, now)


def ask_draft(*, user: User, rule: Any, data: Mapping[str, Any], now: datetime) -> Answered:
    """Replay a rule that does not exist yet. Raises InvalidInput like creating it would."""
    action = _draft(user, rule, now)
    question = read_question(data, portfolio=action.portfolio, symbol=action.instrument_id or "", now=now)
    return _ask(user, action, question, data, now)


def _draft(user: User, rule: Any, now: datetime) -> Action:
    if not isinstance(rule, Mapping):
        raise InvalidInput({"rule": "is required: the fields of a rule as for POST actions/"})
    try:
        # Its window may lie in the past that is replayed.
        return draft_action(rule, user=user, start=now - timedelta(days=36_500))
    except InvalidInput as bad:
        raise InvalidInput({f"rule.{field}": texts for field, texts in bad.errors.items()}) from None


def _ask(user: User, action: Action, question: Question, data: Mapping[str, Any], now: datetime) -> Answered:
    if action.action_type == ActionType.REBALANCE or action.trigger_type == "drift_above":
        raise InvalidInput({"rule": "is about a whole portfolio: a replay shows what a rule does with one symbol"})
    if action.instrument_id is None:
        raise InvalidInput({"symbol": "is required: a rule without a symbol has no bars to be replayed over"})
    if isinstance(plan_of(action), RequestPlan):
        raise InvalidInput({"trigger_type": f"'{action.trigger_type}' has no past: nobody knows when it was called"})
    for value in question.grid.values if question.grid else ():
        with_value(action, question.grid.parameter if question.grid else "", value)
    bars = count_bars(action.instrument_id, question.timeframe, question.start, question.end)
    if question.grid is None and bars < SMALL:
        return Answered(result=answering.answer(answering.prepare(action, question)))
    return Answered(run=_queue(user, action, question, data, now))


@transaction.atomic
def _queue(user: User, action: Action, question: Question, data: Mapping[str, Any], now: datetime) -> ReplayRun:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # so that two requests count each other
    mine = ReplayRun.objects.filter(user=user)
    if mine.filter(state__in=OPEN).count() >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} replays of yours are under way: wait for one to end, or cancel one.")
    kept = mine.exclude(state__in=OPEN).order_by("-created_at").values_list("pk", flat=True)
    mine.filter(pk__in=list(kept[KEPT - 1 :])).delete()
    run = ReplayRun.objects.create(
        user=user,
        action=None if action._state.adding else action,
        rule={name: shown_value(value) for name, value in as_raw(action).items()},
        params={**{k: shown_value(v) for k, v in data.items() if k != "rule"}, "from": question.start.isoformat(),
                "to": question.end.isoformat(), "timeframe": question.timeframe},
        total_steps=len(question.grid.values) if question.grid else 1,
        created_at=now,
    )  # fmt: skip
    LEASES.send(run.pk)
    return run


def runs_of(user: User) -> QuerySet[ReplayRun]:
    """The user's runs, newest first."""
    return ReplayRun.objects.filter(user=user).order_by("-created_at", "-id")


def run_of(user: User, run_id: UUID) -> ReplayRun:
    """One run. Raises NotFound for anybody else's."""
    run = runs_of(user).filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"There is no replay {run_id}.")
    return run


def discard(*, user: User, run_id: UUID, now: datetime) -> None:
    """Cancel a run that is under way; forget one that has ended. Raises NotFound."""
    run = run_of(user, run_id)
    if not LEASES.cancel(run, now=now):
        run.delete()


# --- carrying out
nudge_left_behind = LEASES.nudge_left_behind


def claim(run_id: UUID, *, now: datetime) -> ReplayRun | None:
    """Take a run that waits, or that its worker left behind; None when somebody has it or it has ended."""
    if not LEASES.claim(run_id, now=now):
        return None
    return ReplayRun.objects.select_related("action", "user").get(pk=run_id)


def carry_out(run_id: UUID, *, now: datetime) -> bool:
    """Do one run to its end. Returns whether it was ours to do. Safe to call twice."""
    run = claim(run_id, now=now)
    if run is None:
        return False
    try:
        action = _action_of(run)
        question = read_question(run.params, portfolio=action.portfolio, symbol=action.instrument_id or "", now=now)
        case = answering.prepare(action, question)
        result = _grid(run, case) if question.grid else answering.answer(case)
    except PufflingError as error:
        LEASES.finish(run, State.FAILED, error=error.detail[:400])
        return True
    if result is not None:
        LEASES.finish(run, State.DONE, result=result)
    return True


def _action_of(run: ReplayRun) -> Action:
    """The rule as it was when the run was asked for."""
    return draft_action(run.rule, user=run.user, start=run.created_at - timedelta(days=36_500))


def _grid(run: ReplayRun, case: answering.Case) -> dict[str, Any] | None:
    """Every value of the grid not tried yet, reporting on the way; None when it is not ours now."""
    rows: list[dict[str, Any]] = list(run.result.get("grid", {}).get("rows", []))
    began = reported = time.monotonic()
    for row in answering.try_values(case, done=len(rows)):
        rows.append(row)
        moment = time.monotonic()
        if moment - reported >= REPORT_SECONDS:
            reported = moment
            if not LEASES.report(run, len(rows), answering.grid_result(case.question, rows)):
                return None
            if moment - began > TURN_SECONDS and len(rows) < run.total_steps:
                LEASES.hand_on(run)
                return None
    return answering.grid_result(case.question, rows)
