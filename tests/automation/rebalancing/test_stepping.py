"""Runs from their first step to their last, with the real gate and the paper broker; and their bad days."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from automation.rebalancing import cancelling, ordering, stepping
from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.states import RunState
from brokers.models import BrokerAccount
from common.errors import Conflict, NotFound
from orders.models import Order
from orders.moving import move
from orders.states import OrderState
from portfolios.auditing import audit
from portfolios.goals.reading import drift
from safety.models import SafetyPolicy, Switch
from tests.automation.rebalancing.making import (
    D,
    S,
    carried_on,
    drifted,
    explained,
    fresh,
    goal_of,
    held,
    market_at,
    orders,
    overweight,
    started,
)
from tests.orders.making import NOW, Desk, open_desk

pytestmark = pytest.mark.django_db


def test_sells_then_buys_and_it_ends_inside_the_band(desk: Desk) -> None:
    overweight(desk)
    goal = goal_of(desk)
    run = carried_on(started(desk, goal))
    assert run.state == RunState.COMPLETED, (run.reason, run.residuals)
    assert [order.side for order in orders(run)] == ["sell", "buy", "buy"]
    assert {order.state for order in orders(run)} == {"filled"}
    found = drift(goal, NOW)
    assert not found.needs_rebalancing
    assert explained(run)
    assert audit(desk.portfolio) == []
    goal.refresh_from_db()
    assert goal.last_rebalanced_at is not None


def test_the_largest_shortfall_is_bought_first(desk: Desk) -> None:
    drifted(desk)
    run = carried_on(started(desk, goal_of(desk, target_weights={"AAPL": "0.3", "MSFT": "0.2", "NVDA": "0.5"})))
    buys = [order for order in orders(run) if order.side == "buy"]
    assert buys[0].instrument_id == "NVDA"


def test_a_large_buy_is_split_into_orders_the_gate_lets_pass(desk: Desk) -> None:
    SafetyPolicy.objects.update(max_order_notional_pct=D(25), duplicate_window_seconds=60)
    run = carried_on(started(desk, goal_of(desk, target_weights={"AAPL": "0.9", "CASH": "0.1"})))
    assert run.state == RunState.COMPLETED, (run.reason, run.residuals)
    assert len(orders(run)) == 4
    assert all(order.quantity * order.decision_price <= 25_000 for order in orders(run))
    assert explained(run)


def test_starting_twice_under_one_key_is_one_run_and_a_second_one_is_refused(desk: Desk) -> None:
    drifted(desk)
    goal = goal_of(desk)
    first, again = started(desk, goal, key="k"), started(desk, goal, key="k")
    assert first.pk == again.pk
    second = started(desk, goal)
    assert (second.state, second.reason_code) == (RunState.BLOCKED, "RUN_OPEN")
    assert carried_on(first).state == RunState.COMPLETED


def test_a_key_of_another_portfolio_is_refused(desk: Desk) -> None:
    started(desk, goal_of(desk), key="k")
    other = open_desk("bob")
    with pytest.raises(Conflict):
        started(other, goal_of(other), key="k")


def test_nothing_to_do_completes_at_once(desk: Desk) -> None:
    run = started(desk, goal_of(desk, target_weights={"CASH": "1"}))
    assert (run.state, run.reason_code) == (RunState.COMPLETED, "NOTHING_TO_DO")


# --- bad days
def test_a_sell_that_is_denied_leaves_less_to_buy_and_is_explained(desk: Desk) -> None:
    overweight(desk)
    run = started(desk, goal_of(desk))
    SafetyPolicy.objects.update(symbol_blacklist=["AAPL"])  # between the plan and the order
    run = carried_on(run)
    assert run.state == RunState.COMPLETED_WITH_RESIDUALS
    sell = next(order for order in orders(run) if order.side == "sell")
    assert (sell.state, sell.reason_code) == ("blocked", "SYMBOL_NOT_ALLOWED")
    assert {"SYMBOL_NOT_ALLOWED", "CASH"} <= {item["code"] for item in run.residuals}
    assert explained(run)
    assert desk.portfolio.__class__.objects.get(pk=desk.portfolio.pk).cash >= 0


def test_a_sell_that_the_broker_rejects_is_explained(desk: Desk) -> None:
    overweight(desk)
    run = started(desk, goal_of(desk))
    claimed = stepping.claim(now=NOW)
    assert claimed is not None
    assert stepping.move(claimed, RunState.SELLING, now=NOW, until=NOW + 60 * S, deadline=NOW + 90 * S)
    (sell,) = ordering.place(claimed, list(claimed.legs.filter(side="sell")), now=NOW)
    sell.reason_code, sell.reason = "HALTED", "The symbol is halted."
    move(sell, OrderState.SUBMITTING, now=NOW)
    move(sell, OrderState.REJECTED, now=NOW)
    market_at(NOW + 61 * S)
    run = carried_on(run, now=NOW + 61 * S)
    assert run.state == RunState.COMPLETED_WITH_RESIDUALS, run.reason
    left = next(item for item in run.residuals if item["code"] == "HALTED")
    assert left["reason"] == "rejected by the broker: The symbol is halted."
    assert explained(run)


def test_a_sell_that_fills_in_part_is_cancelled_in_time_and_the_buys_fit_the_cash(desk: Desk) -> None:
    overweight(desk)
    BrokerAccount.objects.filter(pk=desk.account.pk).update(max_fill_quantity=D(10))
    run = carried_on(started(desk, goal_of(desk)))
    assert run.state == RunState.SELLING
    (sell,) = orders(run)
    assert (sell.state, sell.filled_quantity) == ("partially_filled", D(10))
    BrokerAccount.objects.filter(pk=desk.account.pk).update(max_fill_quantity=None)
    late = NOW + timedelta(minutes=6)
    market_at(late)
    run = carried_on(run, now=late)
    assert run.state == RunState.COMPLETED_WITH_RESIDUALS
    assert orders(run)[0].state == "cancelled"
    assert {"buy"} == {order.side for order in orders(run)[1:]}
    assert explained(run)
    assert audit(desk.portfolio) == []


def test_the_kill_switch_mid_run_cancels_what_is_open_and_ends_it(desk: Desk) -> None:
    overweight(desk)
    BrokerAccount.objects.filter(pk=desk.account.pk).update(max_fill_quantity=D(10))
    run = carried_on(started(desk, goal_of(desk)))
    Switch.objects.filter(scope="user", scope_id=str(desk.user.pk)).update(killed=True)
    run = carried_on(run, now=NOW + 3 * S)
    assert (run.state, run.reason_code) == (RunState.CANCELLED_MID_RUN, "KILL_SWITCH_ACTIVE")
    assert [order.state for order in orders(run)] == ["cancelled"]
    assert explained(run)


def test_reducing_lets_the_sells_through_and_buys_nothing(desk: Desk) -> None:
    overweight(desk)
    run = started(desk, goal_of(desk))
    Switch.objects.filter(scope="user", scope_id=str(desk.user.pk)).update(trading_state="reducing")
    run = carried_on(run)
    assert (run.state, run.reason_code) == (RunState.CANCELLED_MID_RUN, "STATE_REDUCING")
    assert [order.side for order in orders(run)] == ["sell"]
    assert explained(run)


def test_cancelled_before_its_first_order(desk: Desk) -> None:
    drifted(desk)
    run = started(desk, goal_of(desk))
    run = cancelling.cancel(user=desk.user, run_id=run.pk, actor="ada", now=NOW)
    assert run.state == RunState.CANCELLED
    assert cancelling.cancel(user=desk.user, run_id=run.pk, actor="ada", now=NOW).state == RunState.CANCELLED
    assert carried_on(run).state == RunState.CANCELLED
    assert not orders(run)


def test_cancelled_mid_run(desk: Desk) -> None:
    overweight(desk)
    BrokerAccount.objects.filter(pk=desk.account.pk).update(max_fill_quantity=D(10))
    run = carried_on(started(desk, goal_of(desk)))
    cancelling.cancel(user=desk.user, run_id=run.pk, actor="ada", now=NOW + S)
    run = carried_on(run, now=NOW + S)
    assert (run.state, run.reason) == (RunState.CANCELLED_MID_RUN, "Cancelled by ada.")
    assert orders(run)[0].state == "cancelled"
    assert explained(run)
    with pytest.raises(NotFound):
        cancelling.cancel(user=open_desk("bob").user, run_id=run.pk, actor="bob", now=NOW)


def test_one_that_is_over_cannot_be_cancelled(desk: Desk) -> None:
    drifted(desk)
    run = carried_on(started(desk, goal_of(desk)))
    with pytest.raises(Conflict, match="nothing left to cancel"):
        cancelling.cancel(user=desk.user, run_id=run.pk, actor="ada", now=NOW)


def test_one_that_nobody_took_in_time_expires(desk: Desk) -> None:
    drifted(desk)
    run = carried_on(started(desk, goal_of(desk)), now=NOW + timedelta(minutes=16))
    assert (run.state, run.reason_code) == (RunState.EXPIRED, "RUN_EXPIRED")
    assert not orders(run)


def test_one_that_was_left_for_too_long_orders_nothing_more(desk: Desk) -> None:
    """Begun, and then everything was down for half an hour: the prices are others."""
    overweight(desk)
    run = started(desk, goal_of(desk))
    RebalanceRun.objects.update(
        state=RunState.SELLING, begun_at=NOW, until=NOW + timedelta(minutes=5), deadline=NOW + timedelta(minutes=15)
    )
    run = carried_on(run, now=NOW + timedelta(minutes=30))
    assert run.state == RunState.EXPIRED
    assert not orders(run)


def test_a_lease_keeps_others_away_until_it_ends(desk: Desk) -> None:
    drifted(desk)
    run = started(desk, goal_of(desk))
    assert stepping.claim(now=NOW) is not None
    assert carried_on(run, now=NOW + 30 * S).state == RunState.PLANNED
    market_at(NOW + 61 * S)
    assert stepping.advance(now=NOW + 61 * S) == 1
    assert fresh(run).state in (RunState.COMPLETED, RunState.COMPLETED_WITH_RESIDUALS)


def test_who_lost_the_lease_writes_nothing(desk: Desk) -> None:
    drifted(desk)
    run = started(desk, goal_of(desk))
    stale = stepping.claim(now=NOW)
    assert stale is not None
    RebalanceRun.objects.filter(pk=run.pk).update(lease_token=run.trace_id)
    assert not stepping.move(stale, RunState.SELLING, now=NOW)
    assert fresh(run).state == RunState.PLANNED


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_set_of_orders(desk: Desk) -> None:
    drifted(desk)
    run = started(desk, goal_of(desk))

    def work(_: int) -> int:
        try:
            return stepping.advance(now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(work, range(4)))
    assert sum(claimed) >= 1
    done = fresh(run)
    assert done.state == RunState.COMPLETED, done.reason
    keys = list(Order.objects.values_list("idempotency_key", flat=True))
    assert len(keys) == len(set(keys)) == done.legs.filter(quantity__gt=0).count()
    assert audit(desk.portfolio) == []
    assert held(desk)
