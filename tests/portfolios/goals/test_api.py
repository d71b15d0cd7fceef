"""The doors of goals: make, look, plan, change, delete; another user finds nothing."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from portfolios.ledger import book_fills
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.types import FillBooking
from tests.portfolios.conftest import NOW, D, set_price

GOALS = "/api/portfolio/goals/"


def client(user: User) -> APIClient:
    made = APIClient()
    made.force_authenticate(user)
    return made


@pytest.fixture
def goal(ann: User, portfolio: Portfolio) -> dict[str, Any]:
    """60 / 40 with $70,000 of AAPL held; MSFT is not."""
    set_price("AAPL", "100")
    set_price("MSFT", "50")
    fill = FillBooking(source_id="1", symbol="AAPL", side="buy", quantity=D(700), price=D(100), at=NOW)
    book_fills(portfolio=portfolio, fills=[fill], now=NOW)
    body = {"name": "Sixty forty", "target_weights": {"AAPL": 0.6, "MSFT": "0.4"}, "drift_threshold": 0.05}
    answer = client(ann).post(GOALS, body, format="json")
    assert answer.status_code == 201, answer.json()
    return dict(answer.json())


def test_a_goal_and_its_drift_and_plan(ann: User, goal: dict[str, Any]) -> None:
    assert goal["target_weights"] == {"AAPL": "0.6", "MSFT": "0.4"}
    assert (goal["drift_threshold"], goal["rebalance_mode"], goal["version"]) == ("0.050000", "alert", 1)
    (listed,) = client(ann).get(GOALS).json()["results"]
    assert {**listed, "warnings": []} == client(ann).get(f"{GOALS}{goal['id']}/").json() == goal
    drift = client(ann).get(f"{GOALS}{goal['id']}/drift/").json()
    assert drift["needs_rebalancing"] is True
    assert [(row["symbol"], row["weight"], row["drift"]) for row in drift["rows"]] == [
        ("AAPL", "0.7", "0.1"),
        ("MSFT", "0", "-0.4"),
        ("CASH", "0.3", "0.3"),
    ]
    plan = client(ann).get(f"{GOALS}{goal['id']}/plan/").json()
    assert [(trade["side"], trade["symbol"]) for trade in plan["trades"]] == [("sell", "AAPL"), ("buy", "MSFT")]
    assert plan["trades"][0]["lots"][0]["quantity"] == plan["trades"][0]["quantity"]
    assert sum(D(row["dollars"]) for row in plan["residuals"]) == 0
    assert plan["warnings"] == []


def test_changes_versions_and_the_end(ann: User, goal: dict[str, Any]) -> None:
    path = f"{GOALS}{goal['id']}/"
    changed = client(ann).patch(path, {"drift_threshold": "0.02", "version": 1}, format="json")
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert client(ann).patch(path, {"name": "Late", "version": 1}, format="json").status_code == 409
    versions = client(ann).get(f"{path}versions/").json()["results"]
    assert [(row["version"], row["terms"]["drift_threshold"]) for row in versions] == [(2, "0.02"), (1, "0.05")]
    assert client(ann).delete(path).status_code == 204
    assert client(ann).get(path).status_code == 404
    assert PortfolioGoal.objects.get(pk=goal["id"]).archived_at is not None


def test_every_mistake_in_one_answer(ann: User, portfolio: Portfolio) -> None:
    bad = {"target_weights": {"AAPL": "0.5", "XXXX": "0.6"}, "schedule": "61 * * * *", "timezone": "Nowhere"}
    answer = client(ann).post(GOALS, bad, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {
        "name", "target_weights", "target_weights.XXXX", "schedule", "timezone"
    }  # fmt: skip


def test_a_missing_price_is_said(ann: User, goal: dict[str, Any], portfolio: Portfolio) -> None:
    portfolio.holdings.first().instrument.quote.delete()  # type: ignore[union-attr]
    assert "AAPL: no price yet" in client(ann).get(f"{GOALS}{goal['id']}/drift/").json()["problem"]
    answer = client(ann).get(f"{GOALS}{goal['id']}/plan/")
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_plan")


def test_another_user_finds_nothing(bob: User, goal: dict[str, Any], portfolio: Portfolio) -> None:
    assert client(bob).get(GOALS).json()["count"] == 0
    for below in ("", "drift/", "plan/", "versions/"):
        assert client(bob).get(f"{GOALS}{goal['id']}/{below}").status_code == 404
    assert client(bob).get(f"/api/portfolios/{portfolio.pk}/harvest/").status_code == 404


def test_candidates_to_harvest(ann: User, goal: dict[str, Any], portfolio: Portfolio) -> None:
    set_price("AAPL", "80")
    path = f"/api/portfolios/{portfolio.pk}/harvest/"
    (found,) = client(ann).get(path).json()
    assert (found["symbol"], found["loss"], found["tax_saved"]) == ("AAPL", "14000.00", "3360.00")
    assert client(ann).get(path, {"min_loss_pct": "25"}).json() == []
    assert client(ann).get(path, {"min_loss": "-1"}).status_code == 400
