"""`safety/` and `safety/events/`."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from portfolios.models import Portfolio
from safety import changing, switch
from safety.limits import FIELDS
from safety.models import SafetyEvent, SafetyPolicy
from safety.policies import policy_for
from tests.safety.conftest import PASSWORD
from tests.safety.making import NOW


def client(user: User) -> APIClient:
    made = APIClient()
    made.force_authenticate(user)
    return made


def patch(user: User, body: Any, query: str = "") -> Any:
    return client(user).patch(f"/api/safety/{query}", body, format="json")


def test_the_limits_and_the_switches(ann: User) -> None:
    answer = client(ann).get("/api/safety/").json()
    assert set(FIELDS) < set(answer)
    assert (answer["max_position_pct"], answer["max_daily_trades"], answer["large_order_pct"]) == (
        "10.0000",
        10,
        "5.0000",
    )
    assert (answer["kill_switch"], answer["killed_scopes"], answer["trading_state"]) == (False, [], "active")
    assert (answer["version"], answer["portfolio"], answer["large_order_threshold"]) == (1, None, None)


def test_tightening_and_loosening(ann: User, portfolio: Portfolio) -> None:
    answer = patch(ann, {"max_daily_trades": 3, "large_order_threshold": "1000", "symbol_whitelist": ["aapl"]})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["max_daily_trades"], body["large_order_threshold"], body["large_order_amount"]) == (
        3,
        "1000.00",
        "1000.00",
    )
    assert body["symbol_whitelist"] == ["AAPL"]
    refused = patch(ann, {"max_daily_trades": 4})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["current_password"])
    wrong = patch(ann, {"max_daily_trades": 4, "current_password": "guess"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["current_password"])
    assert patch(ann, {"max_daily_trades": 4, "current_password": PASSWORD}).json()["max_daily_trades"] == 4


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"max_daily_trades": "many"}, "max_daily_trades"),
        ({"max_daily_trades": 1e300}, "max_daily_trades"),
        ({"max_position_pct": "1e999999"}, "max_position_pct"),
        ({"max_position_pct": {}}, "max_position_pct"),
        ({"large_order_threshold": []}, "large_order_threshold"),
        ({"max_daily_trade": 1}, "max_daily_trade"),
        ({"trading_state": "asleep"}, "trading_state"),
        ({"trading_state": []}, "trading_state"),
        ({"kill_switch": "yes"}, "kill_switch"),
        ({"current_password": 1}, "current_password"),
        ([], "non_field_errors"),
    ],
)
def test_what_cannot_be_used_is_said_per_field(ann: User, body: Any, field: str) -> None:
    answer = patch(ann, body)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert not SafetyEvent.objects.exists()


def test_killing_and_not_resuming(ann: User, bob: User) -> None:
    body = patch(ann, {"kill_switch": True}).json()
    assert (body["kill_switch"], body["killed_scopes"]) == (True, ["user"])
    assert client(bob).get("/api/safety/").json()["kill_switch"] is False
    refused = patch(ann, {"kill_switch": False, "current_password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (409, "resume_needed")
    assert switch.view(user_id=ann.pk).killed == ("user",)
    assert patch(bob, {"kill_switch": False}).status_code == 200


def test_a_kill_goes_through_what_is_plugged_in(ann: User) -> None:
    calls: list[dict[str, Any]] = []
    before = changing._Socket.kill
    changing.use_kill(lambda **where: calls.append(where))
    try:
        patch(ann, {"kill_switch": True, "max_daily_trades": 1})
    finally:
        changing.use_kill(before)
    (call,) = calls
    assert (call["scope"], call["scope_id"], call["user"], call["actor"]) == ("user", str(ann.pk), ann, "ann")
    assert set(call) == {"scope", "scope_id", "user", "reason", "actor", "now"}


def test_nothing_is_killed_when_something_cannot_be_read(ann: User) -> None:
    assert patch(ann, {"kill_switch": True, "max_daily_trades": "x"}).status_code == 400
    assert switch.view(user_id=ann.pk).killed == ()


def test_a_limit_that_needs_the_password_does_not_hold_up_a_kill(ann: User) -> None:
    assert patch(ann, {"kill_switch": True, "max_daily_trades": 99}).status_code == 400
    assert switch.view(user_id=ann.pk).killed == ("user",)


def test_the_trading_state_tightens_at_once_and_loosens_with_the_password(ann: User) -> None:
    assert patch(ann, {"trading_state": "halted"}).json()["trading_state"] == "halted"
    refused = patch(ann, {"trading_state": "reducing"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["current_password"])
    loosened = patch(ann, {"trading_state": "active", "current_password": PASSWORD})
    assert loosened.json()["trading_state"] == "active"


def test_a_portfolio_of_its_own(ann: User, bob: User, portfolio: Portfolio) -> None:
    query = f"?portfolio={portfolio.pk}"
    body = patch(ann, {"max_daily_trades": 2, "kill_switch": True, "trading_state": "reducing"}, query).json()
    assert (body["max_daily_trades"], body["killed_scopes"], body["trading_state"]) == (2, ["portfolio"], "reducing")
    assert body["portfolio"] == str(portfolio.pk)
    own = client(ann).get("/api/safety/").json()
    assert (own["max_daily_trades"], own["kill_switch"], own["trading_state"]) == (10, False, "active")
    for answer in (client(bob).get(f"/api/safety/{query}"), patch(bob, {"max_daily_trades": 1}, query)):
        assert answer.status_code == 404
    assert policy_for(portfolio).max_daily_trades == 2
    assert client(ann).get("/api/safety/?portfolio=main").status_code == 400
    assert client(ann).get("/api/safety/?portfoli=x").status_code == 400


def test_another_users_limits_are_untouched(ann: User, bob: User) -> None:
    client(ann).get("/api/safety/")
    patch(bob, {"max_daily_trades": 1})
    assert SafetyPolicy.objects.get(user=ann).max_daily_trades == 10


def test_the_log(ann: User, bob: User) -> None:
    patch(ann, {"max_daily_trades": 1})
    patch(ann, {"kill_switch": True})
    patch(bob, {"max_daily_trades": 2})
    rows = client(ann).get("/api/safety/events/").json()["results"]
    assert [row["kind"] for row in rows] == ["kill_report", "kill", "policy"]
    assert rows[2]["before"] == {"max_daily_trades": 10, "version": 1}
    assert client(ann).get("/api/safety/events/?kind=policy").json()["count"] == 1
    assert APIClient().get("/api/safety/events/").status_code == 401
    assert APIClient().patch("/api/safety/", {}, format="json").status_code == 401


def test_versions_show_the_whole_and_what_changed(ann: User, bob: User, portfolio: Portfolio) -> None:
    patch(ann, {"max_daily_trades": 3})
    patch(ann, {"symbol_whitelist": ["AAPL"]}, f"?portfolio={portfolio.pk}")
    rows = client(ann).get("/api/safety/versions/").json()["results"]
    assert [(row["version"], row["portfolio"]) for row in rows[:2]] == [(3, str(portfolio.pk)), (2, None)]
    assert rows[0]["changes"] == [{"name": "symbol_whitelist", "before": [], "after": ["AAPL"]}]
    assert rows[1]["changes"] == [{"name": "max_daily_trades", "before": 10, "after": 3}]
    assert set(rows[0]["limits"]) == set(FIELDS)
    first = rows[2]
    assert (first["version"], first["note"], first["changes"]) == (1, "The limits a new account begins with.", [])
    assert first["limits"]["max_daily_trades"] == 10
    own = client(ann).get(f"/api/safety/versions/?portfolio={portfolio.pk}").json()
    assert own["count"] == 1
    assert client(bob).get("/api/safety/versions/").json()["count"] == 0


def test_the_audit_is_ones_own_and_everybodys_switch(ann: User, bob: User) -> None:
    patch(ann, {"max_daily_trades": 3})
    patch(bob, {"max_daily_trades": 4})
    switch.kill(scope="global", user=None, reason="storm", actor="cli", now=NOW)
    rows = client(ann).get("/api/safety/audit/").json()["results"]
    assert [(row["chain"], row["kind"], row["seq"]) for row in rows] == [
        ("global", "kill", 1),
        (f"user:{ann.pk}", "policy", 1),
    ]
    assert rows[1]["data"]["after"] == {"max_daily_trades": 3, "version": 2}
    assert (rows[1]["actor"], rows[1]["prev_hash"]) == ("ann", "0" * 64)
    assert client(ann).get("/api/safety/audit/?kind=policy").json()["count"] == 1
    assert client(ann).get("/api/safety/audit/?kinds=policy").status_code == 400
    assert APIClient().get("/api/safety/audit/").status_code == 401
