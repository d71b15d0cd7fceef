"""The end of a run: every dollar explained, the owner told, the firing behind it settled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from automation.rebalancing.deciding import Decision, Ending, outcome
from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.moving import move
from automation.rebalancing.ordering import orders_of
from automation.rebalancing.planning import texts
from automation.rebalancing.residuals import PRICE, LegEnd, residuals_of, whole
from automation.rebalancing.starting import min_trade_of
from automation.rebalancing.states import RunState
from automation.rebalancing.telling import tell_end
from common.money import ZERO, plain
from orders.models import Order
from portfolios.goals.reading import drift
from portfolios.models import PortfolioGoal


def end(run: RebalanceRun, decision: Decision, *, now: datetime) -> bool:
    """Write how it ended; False when the run is somebody else's by now."""
    ending = decision.ending or Ending.DONE
    with transaction.atomic():
        ends = leg_ends(run)
        filled = any(leg.filled for leg in ends)
        left = residuals_of(ends)
        state = RunState(
            outcome(
                ending=ending,
                placed=any(leg.state not in ("", "blocked") for leg in ends),
                filled=filled,
                whole=whole(ends, tolerance=min_trade_of(run)),
            )
        )
        code, reason = _why(run, state, ends)
        values: dict[str, Any] = {
            "reason_code": code[:40],
            "reason": reason[:400],
            "residuals": [one.as_json() for one in left],
            "result": result_of(run, now),
        }
        if not move(run, state, now=now, **values):
            return False
        if filled and run.goal_id is not None:
            PortfolioGoal.objects.filter(pk=run.goal_id).update(last_rebalanced_at=now)
        tell_end(run, now=now)
    return True


def leg_ends(run: RebalanceRun) -> list[LegEnd]:
    """Every leg with what became of its order. A buy that was never sized counts as not ordered."""
    orders = orders_of(run.pk)
    ends = []
    for leg in run.legs.order_by("number"):
        order = orders.get(leg.number)
        ends.append(
            LegEnd(
                number=leg.number,
                symbol=leg.instrument_id,
                side=leg.side,
                planned=leg.planned_quantity * leg.planned_price,
                quantity=leg.planned_quantity if leg.quantity is None else leg.quantity,
                price=leg.price or leg.planned_price,
                sized_code=leg.sized_code,
                sized_reason=leg.sized_reason,
                state=str(order.state) if order else "",
                code=_code(order) if order else run.stop_code or "NOT_ORDERED",
                reason=order.reason if order else run.stop_reason,
                filled=order.filled_quantity if order else ZERO,
                filled_value=order.filled_value if order else ZERO,
            )
        )
    return ends


def result_of(run: RebalanceRun, now: datetime) -> dict[str, Any]:
    """Where the goal stands now; empty for targets that are no goal, or when nothing can be told."""
    if run.goal is None:
        return {}
    found = drift(run.goal, now)
    if found.problem:
        return {"problem": found.problem}
    return {
        "weights": texts({row.symbol: row.weight for row in found.rows}),
        "worst_drift": plain(round(found.worst, 6)),
        "band_use": plain(round(found.band_use, 6)),
        "needs_rebalancing": found.needs_rebalancing,
    }


def _why(run: RebalanceRun, state: RunState, ends: list[LegEnd]) -> tuple[str, str]:
    """Why it did not simply complete."""
    if state == RunState.COMPLETED:
        return "", ""
    if run.stop_code:
        return run.stop_code, run.stop_reason
    if state == RunState.EXPIRED:
        return (
            ("APPROVAL_EXPIRED", "Nobody approved it in time.")
            if run.asked
            else (
                "RUN_EXPIRED",
                "It was not begun in time: the prices it was planned with are old.",
            )
        )
    left = [one for one in residuals_of(ends) if one.code != PRICE]
    if not left:
        return "", ""
    most = max(left, key=lambda one: one.amount)
    return most.code, f"{most.side} {most.symbol}: {most.reason}"


def _code(order: Order) -> str:
    return order.reason_code
