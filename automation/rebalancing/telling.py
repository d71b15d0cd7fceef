"""What pages and people are told about a run. Written in the transaction of what it tells."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from alerts.models import Alert
from alerts.raising import raise_alert
from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.states import RunState
from common.enqueue import nudge
from common.money import plain
from live.push import announce as push
from portfolios.models import PortfolioGoal
from portfolios.planning.types import Plan

S = RunState


def name_of(run: RebalanceRun) -> str:
    """The goal's name, or the targets: 'SPY 60 %, AGG 40 %'."""
    return run.goal.name if run.goal else targets_text(run.targets)


def targets_text(targets: dict[str, str]) -> str:
    """SPY 60 %, AGG 40 %."""
    return ", ".join(f"{symbol} {plain(round(100 * _number(weight), 2))} %" for symbol, weight in targets.items())


def announce(run: RebalanceRun, *, now: datetime) -> None:
    """Push the run's new state to the open pages."""
    payload = {
        "run": str(run.pk),
        "goal": str(run.goal_id) if run.goal_id else None,
        "portfolio": str(run.portfolio_id),
        "state": str(run.state),
        "reason_code": run.reason_code,
        "reason": run.reason,
    }
    push(
        user_id=run.user_id,
        topic="runs",
        kind=f"run.{run.state}",
        payload=payload,
        trace_id=run.trace_id,
        now=now,
    )


def ask(run: RebalanceRun, *, legs: int, now: datetime) -> None:
    """One alert for the whole run."""
    _alert(
        run,
        Alert.Kind.APPROVAL,
        f"Approve? Rebalance {name_of(run)}: {legs} orders",
        f"{run.reason} One approval covers the whole run; it expires at {run.expires_at:%H:%M:%S} UTC."
        f" Approve or decline it on its page: /goals/runs/{run.pk}/",
        Alert.Severity.WARNING,
        now,
    )


def tell_plan(goal: PortfolioGoal, planned: Plan, title: str, key: str, now: datetime) -> None:
    """A goal's owner is told what a rebalance would do; nothing is ordered."""
    trades = [f"{trade.side} {plain(trade.quantity)} {trade.symbol} (${trade.value:,.2f})" for trade in planned.trades]
    body = (
        f"A rebalance would {', '.join(trades)}. Expected cost ${planned.expected_cost:,.2f}. Nothing was ordered;"
        f" rebalance it on its page: /goals/{goal.pk}/rebalance/"
        if trades
        else f"A rebalance would trade nothing: {planned.dropped[0].reason if planned.dropped else 'see its plan'}"
    )
    _of_goal(goal, title, body, key, now)


def tell_no_plan(goal: PortfolioGoal, problem: str, *, key: str, now: datetime) -> None:
    """A goal's owner is told why no plan can be made."""
    _of_goal(goal, f"{goal.name} cannot be rebalanced now", problem, key, now)


def _of_goal(goal: PortfolioGoal, title: str, body: str, key: str, now: datetime) -> None:
    raise_alert(
        user_id=goal.portfolio.user_id,
        kind=Alert.Kind.NOTE,
        severity=Alert.Severity.WARNING,
        title=title,
        body=body,
        data={"goal": str(goal.pk), "portfolio": str(goal.portfolio_id)},
        dedupe_key=key,
        now=now,
    )


_ENDS = {
    S.COMPLETED: (Alert.Kind.NOTE, Alert.Severity.INFO, "Rebalanced"),
    S.COMPLETED_WITH_RESIDUALS: (Alert.Kind.NOTE, Alert.Severity.WARNING, "Rebalanced, with residuals"),
    S.CANCELLED: (Alert.Kind.NOTE, Alert.Severity.INFO, "Rebalance cancelled"),
    S.CANCELLED_MID_RUN: (Alert.Kind.FAILURE, Alert.Severity.WARNING, "Rebalance stopped half-way"),
    S.DECLINED: (Alert.Kind.NOTE, Alert.Severity.INFO, "Rebalance declined"),
    S.EXPIRED: (Alert.Kind.EXPIRED, Alert.Severity.WARNING, "Rebalance expired"),
    S.BLOCKED: (Alert.Kind.BLOCKED, Alert.Severity.WARNING, "Rebalance not begun"),
    S.FAILED: (Alert.Kind.FAILURE, Alert.Severity.WARNING, "Rebalance failed"),
}


def tell_end(run: RebalanceRun, *, now: datetime) -> None:
    """The owner is told how it ended, once; the firing behind it is settled."""
    if run.execution_id is not None:
        nudge("automation.settle", queue="trading", source_ids=[str(run.execution_id)])
    if run.reason_code == "NOTHING_TO_DO" and run.cause != "manual":
        return
    kind, severity, words = _ENDS[RunState(run.state)]
    left = [f"{item['symbol']}: ${_number(item['amount']):,.2f} {item['reason']}." for item in run.residuals]
    body = " ".join([*([run.reason] if run.reason else []), *left])
    _alert(run, kind, f"{words}: {name_of(run)}", body, severity, now)


def _alert(run: RebalanceRun, kind: str, title: str, body: str, severity: str, now: datetime) -> None:
    raise_alert(
        user_id=run.user_id,
        kind=kind,
        title=title,
        body=body,
        severity=severity,
        data={"run": str(run.pk), "goal": str(run.goal_id) if run.goal_id else None},
        dedupe_key=f"run:{run.pk}:{kind}:{run.state}",
        trace_id=run.trace_id,
        now=now,
    )


def _number(text: object) -> Decimal:
    return Decimal(str(text))
