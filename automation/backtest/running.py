"""Backtests as rows: asked for, queued, carried out under a lease, cancelled, kept. See `automation.leasing`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case as Either
from django.db.models import F, IntegerField, QuerySet, When

from accounts.models import User
from automation.backtest import answering, trying
from automation.backtest.asking import Question, read_question
from automation.backtest.models import BacktestRun
from automation.backtest.subjects import Subject, with_values
from automation.leasing import OPEN, REPORT_SECONDS, RUNNING, TURN_SECONDS, Leases
from automation.lifecycle import shown_value
from common.errors import Conflict, NotFound, PufflingError
from live.push import announce

LEASES = Leases(BacktestRun, "automation.run_backtest")
State = BacktestRun.State
MOST_OPEN = 5  # per user
KEPT = 100  # ended runs per user
PERCENT = 100  # steps of a run without a grid
BEAT_SECONDS = 2.0
MOST_LOST = 3  # workers that may die over one run before it is given up
TOO_OFTEN = f"{MOST_LOST} workers died over it: it may be too large for this machine. Ask for less."
nudge_left_behind = LEASES.nudge_left_behind


def ask(*, user: User, subject: Subject, data: Mapping[str, Any], now: datetime) -> BacktestRun:
    """Queue a backtest. Raises InvalidInput with everything that is wrong, Conflict when too many are under way."""
    question = question_of(subject, data, now)
    for values in question.combinations if question.grid else ():
        with_values(subject.kind, subject.spec, values)
    return _queue(user, subject, question, data, now)


def question_of(subject: Subject, data: Mapping[str, Any], now: datetime) -> Question:
    """What is asked, read for this subject. Raises InvalidInput."""
    return read_question(
        data, portfolio=subject.portfolio, now=now, timeframe=subject.timeframe, only_daily=subject.kind == "goal"
    )


@transaction.atomic
def _queue(user: User, subject: Subject, question: Question, data: Mapping[str, Any], now: datetime) -> BacktestRun:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # so that two requests count each other
    mine = BacktestRun.objects.filter(user=user)
    if mine.filter(state__in=OPEN).count() >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} backtests of yours are under way: wait for one to end, or cancel one.")
    kept = mine.exclude(state__in=OPEN).order_by("-created_at").values_list("pk", flat=True)
    mine.filter(pk__in=list(kept[KEPT - 1 :])).delete()
    run = BacktestRun.objects.create(
        user=user,
        kind=subject.kind,
        subject=subject.id,
        portfolio=subject.portfolio,
        name=subject.name[:120],
        spec=subject.spec,
        params=_frozen(question, data),
        symbols=list(subject.symbols),
        timeframe=question.timeframe,
        start=question.start,
        end=question.end,
        cash=question.cash,
        total_steps=len(question.combinations) if question.grid else PERCENT,
        created_at=now,
    )
    _tell(run, now=now)
    LEASES.send(run.pk)
    return run


def _frozen(question: Question, data: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked, with the defaults of that moment filled in."""
    costs = question.costs
    filled = {
        "from": question.start,
        "to": question.end,
        "timeframe": question.timeframe,
        "cash": question.cash,
        "slippage_bps": costs.slippage_bps,
        "fee_per_order": costs.fee_per_order,
        "fee_bps": costs.fee_bps,
        "approvals": question.approvals,
    }
    return {key: shown_value(value) for key, value in {**data, **filled}.items()}


def runs_of(user: User) -> QuerySet[BacktestRun]:
    """The user's runs, newest first."""
    return BacktestRun.objects.filter(user=user).order_by("-created_at", "-id")


def run_of(user: User, run_id: UUID) -> BacktestRun:
    """One run. Raises NotFound for anybody else's."""
    run = runs_of(user).filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"There is no backtest {run_id}.")
    return run


def discard(*, user: User, run_id: UUID, now: datetime) -> None:
    """Cancel a run that is under way; forget one that has ended. Raises NotFound."""
    run = run_of(user, run_id)
    if LEASES.cancel(run, now=now):
        _tell(run_of(user, run_id), now=now)
    else:
        run.delete()


# --- carrying out
def claim(run_id: UUID, *, now: datetime) -> BacktestRun | None:
    """Take a run that waits, or that its worker left behind; None when somebody has it or it has ended."""
    lost = Either(When(state=RUNNING, then=F("lost") + 1), default=F("lost"), output_field=IntegerField())
    if not LEASES.claim(run_id, now=now, lost=lost):
        return None
    return BacktestRun.objects.select_related("user", "portfolio__user", "portfolio__broker_account").get(pk=run_id)


class NotOurs(Exception):
    """The run was cancelled, or another worker has it: stop."""


class Pulse:
    """Tells, every two seconds of a long run, how far it is, and that its worker lives."""

    def __init__(self, run: BacktestRun) -> None:
        self.run, self.at = run, time.monotonic()

    def beat(self, share: float) -> None:
        """`share` of the work is done, 0 to 1. Raises NotOurs."""
        moment = time.monotonic()
        if moment - self.at < BEAT_SECONDS:
            return
        self.at, run = moment, self.run
        done = int(share * PERCENT) if run.total_steps == PERCENT and not run.result else run.done_steps
        if not LEASES.report(run, min(done, run.total_steps), run.result):
            raise NotOurs


def carry_out(run_id: UUID, *, now: datetime) -> bool:
    """Do one run to its end, or for a turn. Returns whether it was ours to do. Safe to call twice."""
    run = claim(run_id, now=now)
    if run is None:
        return False
    if run.lost >= MOST_LOST:
        _finish(run, State.FAILED, now=now, error=TOO_OFTEN)
        return True
    try:
        question = read_question(run.params, portfolio=run.portfolio, now=now, timeframe=run.timeframe)
        pulse = Pulse(run)
        case = answering.prepare(
            kind=run.kind,
            spec=run.spec,
            symbols=tuple(run.symbols),
            portfolio=run.portfolio,
            question=question,
            now=now,
            pulse=pulse.beat,
        )
        result = _grid(run, case) if question.grid else answering.answer(case)
    except NotOurs:
        return True
    except PufflingError as error:
        _finish(run, State.FAILED, now=now, error=error.detail[:400])
        return True
    if result is not None:
        _finish(run, State.DONE, now=now, result=result)
    return True


def _grid(run: BacktestRun, case: answering.Case) -> dict[str, Any] | None:
    """Every combination not tried yet, reporting on the way; None when it is not ours now."""
    rows: list[dict[str, Any]] = list(run.result.get("grid", {}).get("rows", []))
    began = reported = time.monotonic()
    for row in trying.try_values(case, done=len(rows)):
        rows.append(row)
        moment = time.monotonic()
        if moment - reported >= REPORT_SECONDS:
            reported = moment
            run.done_steps, run.result = len(rows), trying.grid_result(case, rows)
            if not LEASES.report(run, run.done_steps, run.result):
                return None
            if moment - began > TURN_SECONDS and len(rows) < run.total_steps:
                LEASES.hand_on(run)
                return None
    return trying.grid_result(case, rows)


@transaction.atomic
def _finish(
    run: BacktestRun, state: str, *, now: datetime, result: dict[str, Any] | None = None, error: str = ""
) -> None:
    """Record the end and tell it, if it is still ours."""
    if LEASES.finish(run, state, result=result, error=error):
        run.state, run.error = state, error
        _tell(run, now=now)


def _tell(run: BacktestRun, *, now: datetime) -> None:
    payload = {"id": run.pk, "name": run.name, "kind": run.kind, "state": run.state, "error": run.error}
    announce(user_id=run.user_id, topic="backtests", kind="backtest", payload=payload, now=now)
