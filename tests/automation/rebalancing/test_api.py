"""The doors of rebalances: dry run, run, approval, cancel, lists; and whose they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.tokens import create_token
from automation.rebalancing import stepping
from automation.rebalancing.models import RebalanceRun
from common.clock import now
from portfolios.models import PortfolioGoal
from safety.models import SafetyPolicy
from tests.automation.rebalancing.making import D, goal_of, market_at, overweight
from tests.orders.making import SYMBOLS, Desk, open_desk, open_market

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Desk:
    at = now()
    open_market(day=at.date())
    market_at(at)
    made = open_desk("ada", now=at - timedelta(minutes=1), quote_max_age_seconds=900)
    overweight(made)
    assert SYMBOLS
    return made


def client(desk: Desk, *scopes: str) -> APIClient:
    _, secret = create_token(user=desk.user, name=" ".join(scopes), scopes=list(scopes), now=now())
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return api


@pytest.fixture
def api(desk: Desk) -> APIClient:
    return client(desk, "read", "trade", "approve")


def url(goal: PortfolioGoal, verb: str) -> str:
    return f"/api/portfolio/goals/{goal.pk}/{verb}/"


def run_url(run: dict[str, Any], verb: str = "") -> str:
    return f"/api/portfolio/runs/{run['id']}/" + (f"{verb}/" if verb else "")


def test_a_dry_run_shows_the_orders_and_what_would_stop_them(desk: Desk, api: APIClient) -> None:
    goal = goal_of(desk)
    found = api.post(url(goal, "rebalance"), {"dry_run": True}, format="json")
    assert found.status_code == 200, found.data
    assert [leg["side"] for leg in found.json()["legs"]] == ["sell", "buy", "buy"]
    assert (found.json()["refusal_code"], found.json()["asks"]) == ("", "")
    SafetyPolicy.objects.update(max_daily_trades=1)
    refused = api.post(url(goal, "rebalance"), {"dry_run": True}, format="json").json()
    assert refused["refusal_code"] == "DAILY_TRADE_CAP"
    assert not RebalanceRun.objects.exists()


def test_a_run_with_its_legs_orders_and_residuals(desk: Desk, api: APIClient) -> None:
    goal = goal_of(desk)
    first = api.post(url(goal, "rebalance"), {}, format="json", headers={"Idempotency-Key": "k"})
    again = api.post(url(goal, "rebalance"), {}, format="json", headers={"Idempotency-Key": "k"})
    assert (first.status_code, again.json()["id"]) == (202, first.json()["id"]), first.data
    stepping.advance(now=now())
    shown = api.get(run_url(first.json())).json()
    assert shown["state"] == "completed", shown["reason"]
    assert [order["state"] for order in shown["orders"]] == ["filled"] * 3
    assert shown["result"]["needs_rebalancing"] is False
    assert api.get(url(goal, "runs")).json()["count"] == 1
    listed = api.get("/api/portfolio/runs/?state=completed").json()
    assert [run["goal_name"] for run in listed["results"]] == [goal.name]
    assert api.post(run_url(shown, "cancel")).status_code == 409


def test_one_approval(desk: Desk, api: APIClient) -> None:
    SafetyPolicy.objects.update(large_order_pct=D(5))
    run = api.post(url(goal_of(desk), "rebalance"), {}, format="json").json()
    stepping.advance(now=now())
    shown = api.get(run_url(run)).json()
    assert shown["state"] == "awaiting_approval"
    assert {change["name"] for change in shown["changes"]} >= {"price:AAPL", "cash", "trading"}
    script = client(desk, "read", "trade", "admin")
    for verb in ("approve", "decline"):
        assert script.post(run_url(run, verb), {}, format="json").status_code == 403
    assert api.post(run_url(run, "approve"), {"note": "yes"}, format="json").json()["state"] == "selling"
    assert api.post(run_url(run, "decline"), {}, format="json").status_code == 409


def test_cancel_and_what_is_wrong_with_a_request(desk: Desk, api: APIClient) -> None:
    goal = goal_of(desk)
    wrong = api.post(url(goal, "rebalance"), {"dryrun": True}, format="json")
    assert wrong.status_code == 400
    assert "dry_run" in str(wrong.json()["errors"])
    run = api.post(url(goal, "rebalance"), {}, format="json").json()
    cancelled = api.post(run_url(run, "cancel"))
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelled")


def test_another_users_goal_and_run_do_not_exist(desk: Desk, api: APIClient) -> None:
    goal = goal_of(desk)
    run = api.post(url(goal, "rebalance"), {}, format="json").json()
    stranger = client(open_desk("bob"), "read", "trade", "approve")
    for path in (url(goal, "rebalance"), run_url(run, "cancel"), run_url(run, "approve"), run_url(run, "decline")):
        assert stranger.post(path, {}, format="json").status_code == 404, path
    for path in (url(goal, "runs"), run_url(run)):
        assert stranger.get(path).status_code == 404, path
    assert stranger.get("/api/portfolio/runs/").json()["count"] == 0
