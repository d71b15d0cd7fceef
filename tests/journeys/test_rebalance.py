"""A goal, its drift, and the run that brings it back: with real workers, and with workers that die at every step."""

from __future__ import annotations

import signal
from decimal import Decimal
from typing import Any

import httpx2 as httpx
import pytest

from alerts.models import Alert
from automation.models import RebalanceRun
from automation.rebalancing.models import Cause
from automation.rebalancing.starting import Wish, start_run
from automation.rebalancing.states import TERMINAL
from automation.rebalancing.stepping import POINTS
from common.clock import now
from orders.crashpoints import POINTS as OF_ORDERS
from orders.models import Order
from portfolios.goals.reading import drift
from portfolios.models import PortfolioGoal
from tests.journeys import passing, proof
from tests.journeys.market import Listing
from tests.journeys.people import Person
from tests.journeys.stack import Stack
from tests.journeys.test_crashes import doomed
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey

WEIGHTS = ("0.55", "0.3", "0.1")  # the rest is cash


def weights_of(listings: list[Listing]) -> dict[str, str]:
    weights = {listing.symbol: weight for listing, weight in zip(listings, WEIGHTS, strict=True)}
    return {**weights, "CASH": "0.05"}


def made(person: Person, listings: list[Listing], **fields: Any) -> PortfolioGoal:
    values = {"name": "Core", "target_weights": weights_of(listings), "created_at": now(), "updated_at": now()}
    goal = PortfolioGoal.objects.create(portfolio=person.portfolio, **{**values, **fields})
    return PortfolioGoal.objects.select_related("portfolio").get(pk=goal.pk)  # decimals as the database has them


def until_over(run_id: str, listings: list[Listing]) -> RebalanceRun:
    def over() -> bool:
        return RebalanceRun.objects.get(pk=run_id).state in TERMINAL

    def trade_on() -> None:
        for listing in listings:
            listing.repeat()

    eventually(over, f"the run {run_id} came to its end", meanwhile=trade_on)
    return RebalanceRun.objects.get(pk=run_id)


def rebalanced(api: httpx.Client, goal: str, listings: list[Listing]) -> RebalanceRun:
    """Asked for, approved as a whole, and carried out."""
    for listing in listings:
        listing.repeat()
    asked = api.post(f"portfolio/goals/{goal}/rebalance/", json={}, headers={"Idempotency-Key": str(now())})
    assert asked.status_code == 202, asked.text
    run = asked.json()["id"]
    where = f"portfolio/runs/{run}/"
    eventually(
        lambda: api.get(where).json()["state"] == "awaiting_approval", f"the run waits for a person: {asked.text}"
    )
    assert not Order.objects.filter(source_id=run).exists()
    answer = api.post(f"{where}approve/", json={"note": "as planned"})
    assert (answer.status_code, answer.json()["state"]) == (200, "selling"), answer.text
    return until_over(run, listings)


def explained(run: RebalanceRun) -> None:
    """Every dollar that was planned filled, or says why not."""
    orders = {order.idempotency_key: order for order in Order.objects.filter(source_id=str(run.pk))}
    for leg in run.legs.all():
        order = orders.get(f"rebalance:{run.pk}:{leg.number}")
        left = sum((Decimal(item["amount"]) for item in run.residuals if item["leg"] == leg.number), Decimal(0))
        filled = order.filled_value if order else Decimal(0)
        assert leg.planned_quantity * leg.planned_price == filled + left, (leg, run.residuals)
    assert all(item["reason"] for item in run.residuals)


def test_a_goal_is_reached_drifts_and_is_brought_back(stack: Stack, ann: Person) -> None:
    listings = [Listing() for _ in WEIGHTS]
    with ann.api(stack.url) as api:
        answer = api.post("portfolio/goals/", json={"name": "Core", "target_weights": weights_of(listings)})
        assert answer.status_code == 201, answer.text
        goal = PortfolioGoal.objects.select_related("portfolio").get(pk=answer.json()["id"])
        first = rebalanced(api, str(goal.pk), listings)
        assert first.state == "completed", (first.reason, first.residuals)
        assert not drift(goal, now()).needs_rebalancing
        listings[0].trade("135")  # out of band
        seen = api.get(f"portfolio/goals/{goal.pk}/drift/").json()
        assert seen["needs_rebalancing"], seen
        told = Alert.objects.filter(user=ann.user, title="Core has drifted out of its band")
        eventually(told.exists, "the drift was told", meanwhile=listings[0].repeat)
        second = rebalanced(api, str(goal.pk), listings)
        assert second.state == "completed", (second.reason, second.residuals)
        assert [leg.side for leg in second.legs.order_by("number")] == ["sell", "buy", "buy"]
        assert told.count() == 1
        shown = api.get(f"portfolio/runs/{second.pk}/").json()
        assert {order["state"] for order in shown["orders"]} == {"filled"}
        assert {order["approved_by"] for order in shown["orders"]} == {ann.user.username}
        assert api.get(f"portfolio/goals/{goal.pk}/runs/").json()["count"] == 2
    assert not drift(goal, now()).needs_rebalancing
    for run in (first, second):
        explained(run)


# What the rows of a run say when its worker is dead: its state, and those of its orders.
LEFT_BEHIND: dict[str, tuple[str, list[str]]] = {
    "run-claimed": ("planned", []),
    "run-begun": ("selling", []),
    "1_placing": ("selling", []),
    "2_placed": ("selling", ["queued"]),
    "run-sells-placed": ("selling", ["queued"]),
    "3_claiming": ("selling", ["queued"]),
    "4_claimed": ("selling", ["submitting"]),
    "5_looked_up": ("selling", ["submitting"]),
    "6_before_wire": ("selling", ["submitting"]),
    "7_after_wire": ("selling", ["submitting"]),
    "8_recording": ("selling", ["submitting"]),
    "9_recorded": ("selling", ["filled"]),
    "run-sells-sent": ("selling", ["filled"]),
    "run-replanned": ("buying", ["filled"]),
    "run-buys-placed": (
        "buying",
        ["filled", "queued", "queued", "queued"],
    ),  # one of the two is too large for one order
    "run-buys-sent": ("buying", ["filled"] * 4),
    "run-ended": ("completed", ["filled"] * 4),
}


def test_every_crash_point_is_visited() -> None:
    assert set(LEFT_BEHIND) == {*POINTS, *OF_ORDERS}


def begun(listings: list[Listing]) -> RebalanceRun:
    """A run of somebody new whose first holding is far too large; nobody has begun to carry it out."""
    person = Person("rebalancer")
    person.limits(large_order_pct=1000)
    person.owns(listings[0], 3000)
    for listing in listings:
        listing.repeat()
    goal = made(person, listings)
    wish = Wish(portfolio_id=person.portfolio.pk, cause=Cause.MANUAL, actor="journey", key=str(goal.pk), goal=goal)
    run = start_run(wish, now=now())
    assert run.state == "planned", run.reason
    return run


def test_a_worker_that_dies_between_any_two_steps_leaves_a_run_that_is_finished_without_a_doubled_order(
    stack: Stack,
) -> None:
    stack.kill("worker-trading")
    stack.stop("sweep")
    listings = [Listing() for _ in WEIGHTS]
    runs = []
    with doomed(stack, "rebalance") as worker:
        for point, (state, states) in LEFT_BEHIND.items():
            run = begun(listings)
            assert worker.die_at(point) == -signal.SIGKILL, point
            run.refresh_from_db()
            orders = sorted(Order.objects.filter(source_id=str(run.pk)).values_list("state", flat=True))
            assert (run.state, orders) == (state, sorted(states)), point
            runs.append((point, run))
    passing.firings_stay_valid()
    passing.leases_end()
    stack.start("worker-trading", "sweep")
    for point, run in runs:
        ended = until_over(str(run.pk), listings)
        assert ended.state == "completed", (point, ended.reason, ended.residuals)
        keys = list(Order.objects.filter(source_id=str(run.pk)).values_list("idempotency_key", flat=True))
        assert sorted(keys) == sorted(f"rebalance:{run.pk}:{leg.number}" for leg in ended.legs.all()), point
        explained(ended)
        assert not drift(PortfolioGoal.objects.get(pk=run.goal_id), now()).needs_rebalancing, point
    proof.everything_in_order()
