"""The doors of backtests."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from automation.backtest import running
from automation.strategies.lifecycle import create_strategy
from common.clock import now
from tests.automation.backtest.test_running import ASKED, CROSS, GRID, a_goal, store
from tests.orders.making import NOW, Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(desk: Desk) -> APIClient:
    store("AAPL", "MSFT", "NVDA")
    made = APIClient(raise_request_exception=False)
    made.force_authenticate(desk.user)
    return made


def post(client: APIClient, path: str, data: Any) -> Any:
    return client.post(f"/api/{path}", data, format="json")


def test_stored_and_unsaved_are_accepted_listed_shown_compared_and_discarded(client: APIClient, desk: Desk) -> None:
    strategy = create_strategy(user=desk.user, data=CROSS, now=NOW, actor="ada")
    answers = [
        post(client, f"strategies/{strategy.pk}/backtest/", ASKED),
        post(client, f"portfolio/goals/{a_goal(desk).pk}/backtest/", ASKED),
        post(client, "backtests/", {**ASKED, "strategy": CROSS}),
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert [answer.json()["kind"] for answer in answers] == ["strategy", "goal", "strategy"]
    ids = [answer.json()["id"] for answer in answers]
    for run_id in ids:
        running.carry_out(run_id, now=now())
    listed = client.get("/api/backtests/?kind=strategy").json()["results"]
    assert [(one["id"], one["state"], "result" in one) for one in listed] == [
        (ids[2], "done", False),
        (ids[0], "done", False),
    ]
    assert listed[0]["summary"]["trades"] == listed[1]["summary"]["trades"]
    assert len(client.get(f"/api/backtests/?subject={strategy.pk}").json()["results"]) == 1
    shown = client.get(f"/api/backtests/{ids[1]}/").json()
    assert shown["result"]["goal"]["rebalanced"] >= 1
    compared = client.get(f"/api/backtests/compare/?ids={ids[0]},{ids[1]}").json()
    assert [run["kind"] for run in compared["runs"]] == ["strategy", "goal"]
    assert client.delete(f"/api/backtests/{ids[0]}/").status_code == 204
    assert client.get(f"/api/backtests/{ids[0]}/").status_code == 404


def test_what_is_wrong_is_said_at_once(client: APIClient, desk: Desk) -> None:
    answer = post(client, "backtests/", {"cash": "0", "timeframe": "3d", "strategy": CROSS})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"cash", "timeframe"}
    assert post(client, "backtests/", ASKED).json()["errors"]["strategy"]
    assert post(client, "backtests/", [1]).status_code == 400
    assert client.get("/api/backtests/compare/?ids=x").json()["errors"]["ids"]
    assert client.get("/api/backtests/compare/").status_code == 400


def test_a_grid_of_one_parameter_may_be_an_object(client: APIClient, desk: Desk) -> None:
    answer = post(client, "backtests/", {**ASKED, "strategy": CROSS, "grid": GRID[:1]})
    assert answer.json()["total_steps"] == 2
    assert post(client, "backtests/", {**ASKED, "strategy": CROSS, "grid": GRID[0]}).json()["total_steps"] == 2
