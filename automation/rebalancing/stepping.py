"""Carry runs on: claim one, do the one step its rows call for, again until it waits. Any step may die anywhere."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from automation.rebalancing import approving, ending, fitting, ordering
from automation.rebalancing.deciding import LOOK_AGAIN, PHASE_LASTS, RUN_LASTS, Decision, LegView, RunView, Step, decide
from automation.rebalancing.models import RebalanceLeg, RebalanceRun
from automation.rebalancing.moving import claim, let_go, move
from automation.rebalancing.starting import look, min_trade_of, reserved_of
from automation.rebalancing.states import RunState
from orders.cancelling import cancel_all
from orders.crashpoints import crash_point
from orders.models import Order, Source
from orders.placing import lock_portfolio
from orders.states import TERMINAL, OrderState
from orders.stopwatch import Stopwatch
from orders.submitting import submit_many
from safety import switch

S = RunState
MOST_STEPS = 20  # of one claim: more than a run has

# Where a test can kill the process, in order; between them lie the nine points of each order's submission.
POINTS: Final = {
    "run-claimed": "under a lease; nothing was done",
    "run-begun": "committed as selling; no order exists",
    "run-sells-placed": "the sells are committed as queued; none was sent by us",
    "run-sells-sent": "the sells were sent; their fills are booked or will be",
    "run-replanned": "the buys are sized and committed; none is ordered",
    "run-buys-placed": "the buys are committed as queued; none was sent by us",
    "run-buys-sent": "the buys were sent; the end of the run is not written",
    "run-ended": "the end is committed; nobody was nudged",
}


def advance(
    *, now: datetime, run_ids: Collection[UUID] | None = None, due_by: datetime | None = None, limit: int = 100
) -> int:
    """Carry on the runs that are due (or these), each until it waits or ends. Returns how many were claimed.

    `due_by`: only those that have been due since then: younger ones are left to the nudged worker.
    """
    watch, done = Stopwatch(now), 0
    left = None if run_ids is None else set(run_ids)
    while done < limit and (run := claim(now=watch.now(), run_ids=left, due_by=due_by)):
        crash_point("run-claimed")
        _carry_on(run, watch)
        done += 1
        if left is not None:
            left.discard(run.pk)
    return done


def _carry_on(run: RebalanceRun, watch: Stopwatch) -> None:
    for _ in range(MOST_STEPS):
        now = watch.now()
        decision = decide(_view(run, now), now)
        if not _do(run, decision, now):
            return
    let_go(run, due_at=watch.now() + LOOK_AGAIN)


def _view(run: RebalanceRun, now: datetime) -> RunView:
    """The run as its rows stand at this moment. Sets `stop_code` and `stop_reason` of the object."""
    fresh = RebalanceRun.objects.values_list("stop_code", "stop_reason").get(pk=run.pk)
    run.stop_code, run.stop_reason = fresh
    orders = ordering.orders_of(run.pk)
    legs = [
        LegView(
            side=leg.side,
            placed=leg.number in orders or leg.quantity == 0,
            open=leg.number in orders and OrderState(orders[leg.number].state) not in TERMINAL,
        )
        for leg in run.legs.order_by("number")
    ]
    view = RunView(
        state=run.state,
        asks=bool(run.plan.get("asks")) and not run.approved_by,
        expires_at=run.expires_at,
        until=run.until,
        deadline=run.deadline,
        stopped=run.stop_code,
        legs=legs,
    )
    if not run.stop_code:
        _read_switches(run, view)
    return replace(view, stopped=run.stop_code)


def _read_switches(run: RebalanceRun, view: RunView) -> None:
    """A kill switch or a halt stops it at once; reducing only when it comes to the buys."""
    seen = switch.load(run.user_id).view(portfolio_id=run.portfolio_id, action_id=run.action_id)
    sells_to_do = any(leg.side == "sell" and (leg.open or not leg.placed) for leg in view.legs)
    if seen.killed:
        run.stop_code = "KILL_SWITCH_ACTIVE"
        run.stop_reason = f"The kill switch ({', '.join(seen.killed)}) was pulled."
    elif seen.trading_state == "halted":
        run.stop_code, run.stop_reason = "TRADING_HALTED", "Trading was halted."
    elif seen.trading_state == "reducing" and not sells_to_do and any(leg.side == "buy" for leg in view.legs):
        run.stop_code, run.stop_reason = "STATE_REDUCING", "Trading was set to reducing only: nothing is bought."


def _do(run: RebalanceRun, decision: Decision, now: datetime) -> bool:
    """Do the step; whether another may follow at once."""
    match decision.step:
        case Step.ASK:
            with transaction.atomic():
                moved = approving.begin_to_wait(run, now=now)
            if moved:
                let_go(run, due_at=run.expires_at)
            return False
        case Step.BEGIN:
            return _begin(run, now)
        case Step.PLACE:
            return _place(run, now)
        case Step.WAIT:
            let_go(run, due_at=decision.at or now + LOOK_AGAIN)
            return False
        case Step.CANCEL:
            return _cancel(run, now)
        case Step.REPLAN:
            return _replan(run, now)
        case Step.END:
            ending.end(run, decision, now=now)
            crash_point("run-ended")
            return False


def _begin(run: RebalanceRun, now: datetime) -> bool:
    with transaction.atomic():
        moved = move(run, S.SELLING, now=now, begun_at=now, until=now + PHASE_LASTS, deadline=now + RUN_LASTS)
    crash_point("run-begun")
    return moved


def _place(run: RebalanceRun, now: datetime) -> bool:
    side = "sell" if run.state == S.SELLING else "buy"
    known = ordering.orders_of(run.pk)
    legs = [leg for leg in run.legs.filter(side=side, quantity__gt=0).order_by("number") if leg.number not in known]
    orders = ordering.place(run, legs, now=now)
    crash_point(f"run-{side}s-placed")
    queued = [order.pk for order in orders if order.state == OrderState.QUEUED]
    if queued:
        submit_many(queued, now=now, wait=True)
    crash_point(f"run-{side}s-sent")
    return True


def _cancel(run: RebalanceRun, now: datetime) -> bool:
    """Cancel what can be; what is on the wire this moment is looked at again."""
    note = run.stop_reason or "the rebalance had no more time for it"
    mine = Order.objects.filter(source_kind=Source.REBALANCE_RUN, source_id=str(run.pk))
    cancel_all(mine.exclude(state__in=TERMINAL), note=note, now=now)
    if any(OrderState(order.state) not in TERMINAL for order in ordering.orders_of(run.pk).values()):
        let_go(run, due_at=now + timedelta(seconds=1))
        return False
    return True


def _replan(run: RebalanceRun, now: datetime) -> bool:
    """Size the buys with the cash that is there, and go on to buying: in one transaction."""
    with transaction.atomic():
        portfolio, account = lock_portfolio(run.portfolio_id)
        rows = list(run.legs.select_for_update().filter(side="buy").order_by("number"))
        taken = look(portfolio, account, {row.instrument_id for row in rows}, run.action_id, now)
        sized = fitting.size(
            [fitting.stored(row) for row in rows],
            taken,
            cash=taken.cash,
            reserved=reserved_of(run),
            min_trade=min_trade_of(run),
        )
        for row, leg in zip(rows, sized, strict=True):
            row.quantity, row.price = leg.quantity, leg.price
            row.sized_code, row.sized_reason = leg.sized_code, leg.sized_reason[:300]
        RebalanceLeg.objects.bulk_update(rows, ["quantity", "price", "sized_code", "sized_reason"])
        moved = move(run, S.BUYING, now=now, until=now + PHASE_LASTS)
        if not moved:
            transaction.set_rollback(True)
    crash_point("run-replanned")
    return moved
