"""The number of queries of the pages of goals does not depend on the number of rows."""

from __future__ import annotations

import pytest
from django.test import Client

from automation.rebalancing import watching
from common.clock import now
from tests.dashboard.goal_making import carry_on, goal_for, hold, overweight, run_for
from tests.dashboard.test_queries import queries
from tests.orders.making import Desk

MOST = {"/goals/": 22, "/goals/runs/": 18, "/goals/harvest/": 18}


def fill(desk: Desk, count: int, first: int) -> None:
    """More goals, lots and runs."""
    for number in range(first, first + count):
        goal = goal_for(desk, name=f"Goal {number}", schedule="" if number % 2 else "0 10 1 * *")
        carry_on(run_for(desk, goal))
        hold(desk, TSLA="3")
    watching.watch(now=now())


@pytest.mark.parametrize("path", MOST)
def test_queries_do_not_grow_with_rows(site: Client, desk: Desk, path: str) -> None:
    overweight(desk)
    fill(desk, 2, first=0)
    site.get(path)  # caches and the user's policy row
    few = queries(site, path)
    fill(desk, 5, first=2)
    assert queries(site, path) == few
    assert few <= MOST[path]


def test_a_run_does_not_ask_more_with_more_orders(site: Client, desk: Desk) -> None:
    overweight(desk)
    small = carry_on(run_for(desk, goal_for(desk, name="Two", target_weights={"AAPL": "0.5", "MSFT": "0.5"})))
    large = carry_on(run_for(desk, goal_for(desk, name="Four")))
    site.get(f"/goals/runs/{small.pk}/")
    assert queries(site, f"/goals/runs/{small.pk}/") == queries(site, f"/goals/runs/{large.pk}/")


def test_a_goal_does_not_ask_more_with_more_runs(site: Client, desk: Desk) -> None:
    overweight(desk)
    goal = goal_for(desk)
    for _ in range(2):  # the first trades, the second finds nothing left to trade
        carry_on(run_for(desk, goal))
    site.get(f"/goals/{goal.pk}/")
    few = queries(site, f"/goals/{goal.pk}/")
    for _ in range(3):
        carry_on(run_for(desk, goal))
    assert queries(site, f"/goals/{goal.pk}/") == few
