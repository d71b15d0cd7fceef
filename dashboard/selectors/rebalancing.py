"""Rebalance runs: the list, one run step by step, and those that wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator

from accounts.models import User
from automation.models import Action
from automation.rebalancing import by_hand
from automation.rebalancing.approving import changes_of
from automation.rebalancing.models import RebalanceLeg, RebalanceRun
from automation.rebalancing.ordering import orders_of
from automation.rebalancing.states import OPEN, RunState
from automation.rebalancing.telling import name_of
from common.money import HUNDRED, ZERO
from dashboard.selectors.goal_bars import Move, moves_between
from orders.models import Order
from orders.states import TERMINAL, OrderState
from portfolios.models import PortfolioGoal

PAGE = 25
CENT = Decimal("0.01")
# The gate speaks of an order; the legs of a run are approved together, on its page.
NOT_HERE = " Approve or decline it on the Orders page."
S = RunState
# What each state means for somebody who looks at the run.
MEANING = {
    S.PLANNED: "Planned, and let pass by the safety gate. A worker takes it up in a moment.",
    S.AWAITING_APPROVAL: "It is large: it waits for your yes to the whole of it.",
    S.SELLING: "The sales are at the broker. The purchases follow once they are over.",
    S.BUYING: "The sales are over. The purchases were sized for the cash that is there now.",
    S.COMPLETED: "Done as planned.",
    S.COMPLETED_WITH_RESIDUALS: "Done, and something is left over: below is every dollar and why.",
    S.CANCELLED: "Stopped before its first order.",
    S.CANCELLED_MID_RUN: "Stopped half-way. What had filled stays; the rest was left out.",
    S.DECLINED: "You said no. Nothing was ordered.",
    S.EXPIRED: "Its time was over before it began. Nothing was ordered.",
    S.BLOCKED: "Refused before its first order.",
    S.FAILED: "Not one of its orders filled.",
}
TONES = {
    S.COMPLETED: "good", S.COMPLETED_WITH_RESIDUALS: "warn", S.AWAITING_APPROVAL: "warn", S.PLANNED: "info",
    S.SELLING: "info", S.BUYING: "info", S.BLOCKED: "bad", S.FAILED: "bad", S.CANCELLED_MID_RUN: "warn",
    S.EXPIRED: "warn",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run in a list."""

    run: RebalanceRun
    name: str
    tone: str
    legs: int
    value: Decimal

    @property
    def waits(self) -> bool:
        return self.run.state == S.AWAITING_APPROVAL


@dataclass(frozen=True, kw_only=True)
class LegRow:
    """An order the run wants, with what became of it."""

    leg: RebalanceLeg
    order: Order | None
    planned_value: Decimal
    words: str
    tone: str
    filled_percent: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a run. `look`: done | now | left | stopped."""

    name: str
    look: str
    words: str


def run_page(user: User, filters: Mapping[str, str], number: str) -> Page[Any]:
    """The user's runs, the newest first; `object_list` are RunRows. Two queries and the count."""
    runs = by_hand.runs_of(user)
    if filters.get("state") == "open":
        runs = runs.filter(state__in=OPEN)
    elif filters.get("state"):
        runs = runs.filter(state=filters["state"])
    if filters.get("goal"):
        runs = runs.filter(goal=_id(filters["goal"]))
    page: Page[Any] = Paginator(runs, PAGE).get_page(number)
    page.object_list = [run_row(run) for run in page.object_list]
    return page


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def run_row(run: RebalanceRun) -> RunRow:
    legs = list(run.legs.all())
    return RunRow(
        run=run,
        name=name_of(run),
        tone=TONES.get(RunState(run.state), ""),
        legs=len(legs),
        value=sum((leg.planned_quantity * leg.planned_price for leg in legs), ZERO),
    )


def waiting_runs(user: User, *, now: datetime) -> list[dict[str, Any]]:
    """Runs that wait for this person, with what changed since. At most one per portfolio."""
    waiting = by_hand.runs_of(user).filter(state=RunState.AWAITING_APPROVAL).select_related("portfolio__broker_account")
    return [question_of(run, now=now) for run in waiting]


def question_of(run: RebalanceRun, *, now: datetime) -> dict[str, Any]:
    """What a person is asked about a run, and how long the answer is possible."""
    changes = changes_of(run, now=now)
    return {
        "run": run,
        "name": name_of(run),
        "changed": [change for change in changes if change.changed],
        "same": [change for change in changes if not change.changed],
        "seconds_left": max(0, int((run.expires_at - now).total_seconds())),
    }


def run_detail(user: User, run_id: UUID, *, now: datetime) -> dict[str, Any]:
    """One run with its steps, orders, residuals and end. NotFound."""
    run = by_hand.run_of(user, run_id)
    orders = orders_of(run.pk)
    legs = [_leg(run, leg, orders.get(leg.number)) for leg in run.legs.all()]
    action = Action.objects.filter(pk=run.action_id, user=user).first() if run.action_id else None
    return {
        "run": run,
        "name": name_of(run),
        "tone": TONES.get(RunState(run.state), ""),
        "meaning": MEANING[RunState(run.state)],
        "open": run.state in OPEN,
        "steps": steps_of(run, legs),
        "sells": [row for row in legs if row.leg.side == "sell"],
        "buys": [row for row in legs if row.leg.side == "buy"],
        "legs": legs,
        "filled_value": sum((row.order.filled_value for row in legs if row.order), ZERO),
        "planned_value": sum((row.planned_value for row in legs), ZERO),
        "residuals": _residuals(run),
        "dropped": [{**left, "value": _number(left["value"])} for left in run.plan.get("dropped", ())],
        "plan_warnings": run.plan.get("warnings", ()),
        "moves": _moves(run),
        "ended": _ended(run),
        "checks": [said(check) for check in run.checks if check["outcome"] != "pass"],
        "action": action,
        "question": question_of(run, now=now) if run.state == RunState.AWAITING_APPROVAL else None,
    }


def _leg(run: RebalanceRun, leg: RebalanceLeg, order: Order | None) -> LegRow:
    value = leg.planned_quantity * leg.planned_price
    if order is not None:
        full = order.quantity or leg.planned_quantity
        percent = order.filled_quantity * HUNDRED / full if full else ZERO
        tone = _ORDER_TONES.get(OrderState(order.state), "" if OrderState(order.state) in TERMINAL else "info")
        return LegRow(
            leg=leg, order=order, planned_value=value, words=str(order.get_state_display()), tone=tone,
            filled_percent=f"{percent:.1f}",
        )  # fmt: skip
    words = "Not ordered" if leg.quantity == 0 or run.state not in OPEN else "Not yet"
    return LegRow(leg=leg, order=None, planned_value=value, words=words, tone="", filled_percent="0")


_ORDER_TONES = {
    OrderState.FILLED: "good",
    OrderState.BLOCKED: "bad",
    OrderState.REJECTED: "bad",
    OrderState.CANCELLED: "warn",
    OrderState.EXPIRED: "warn",
    OrderState.PARTIALLY_FILLED: "warn",
}


def steps_of(run: RebalanceRun, legs: list[LegRow]) -> list[Step]:
    """Plan, approval (if one was asked for), sales, purchases, end."""
    state = RunState(run.state)
    sells = [row for row in legs if row.leg.side == "sell"]
    buys = [row for row in legs if row.leg.side == "buy"]
    asks = bool(run.asked) or state == S.AWAITING_APPROVAL
    over = state not in OPEN
    began = run.begun_at is not None
    steps = [
        Step(name="Plan", look="stopped" if state == S.BLOCKED and not asks else "done", words=f"{len(legs)} orders")
    ]
    if asks:
        look = "now" if state == S.AWAITING_APPROVAL else "done" if began else "stopped"
        said = f"by {run.approved_by}" if run.approved_by else "" if state == S.AWAITING_APPROVAL else "not given"
        steps.append(Step(name="Approval", look=look, words=said or "waits for you"))
    steps.append(Step(name="Sell", look=_phase(sells, state == S.SELLING, over, began), words=_filled(sells)))
    steps.append(Step(name="Buy", look=_phase(buys, state == S.BUYING, over, began), words=_filled(buys)))
    good = state in (S.COMPLETED, S.COMPLETED_WITH_RESIDUALS)
    look = "left" if not over else "done" if good else "stopped"
    steps.append(Step(name="End", look=look, words=str(state.label) if over else "not yet"))
    return steps


def _phase(rows: list[LegRow], current: bool, over: bool, began: bool) -> str:
    if current:
        return "now"
    if not began:
        return "left"
    if all(row.order and row.order.state == OrderState.FILLED for row in rows):
        return "done" if rows or over else "left"
    if any(row.order for row in rows):
        return "stopped" if over else "done"
    return "stopped" if over and rows else "left"


def _filled(rows: list[LegRow]) -> str:
    if not rows:
        return "nothing"
    filled = sum(1 for row in rows if row.order and row.order.state == OrderState.FILLED)
    return f"{filled} of {len(rows)} filled"


def said(check: Mapping[str, Any]) -> dict[str, Any]:
    """The gate's word on one leg."""
    return {**check, "message": str(check["message"]).removesuffix(NOT_HERE)}


def _residuals(run: RebalanceRun) -> list[dict[str, Any]]:
    """What is left over, from a cent on."""
    found = [{**left, "amount": _number(left["amount"])} for left in run.residuals]
    return [left for left in found if abs(left["amount"]) >= CENT]


def _moves(run: RebalanceRun) -> list[Move]:
    """The weights at the start, and at the end (as planned while it is not over)."""
    before = {s: _number(w) for s, w in run.plan.get("weights_before", {}).items()}
    after = run.result.get("weights") or run.plan.get("weights_after") or {}
    return (
        list(moves_between(before, {s: _number(w) for s, w in after.items()}, run.targets).values()) if before else []
    )


def _ended(run: RebalanceRun) -> dict[str, Any] | None:
    """Where the goal stood at the end."""
    if "worst_drift" not in run.result:
        return None
    return {
        "worst": _number(run.result["worst_drift"]) * HUNDRED,
        "needs_rebalancing": run.result["needs_rebalancing"],
    }


def _number(text: Any) -> Decimal:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return ZERO


def goal_names(user: User) -> list[tuple[str, str]]:
    """The user's goals for the filter: (id, name)."""
    goals = PortfolioGoal.objects.filter(portfolio__user=user, archived_at=None).order_by("name")
    return [(str(pk), name) for pk, name in goals.values_list("pk", "name")]
