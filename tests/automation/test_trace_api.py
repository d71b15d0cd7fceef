"""`actions/{id}/trace/` and `actions/{id}/why/`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from automation import lifecycle
from tests.automation.making import S, carry_out, executions, rule, see
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(desk):
    api = APIClient()
    api.force_authenticate(desk.user)
    return api


def test_the_history_newest_first_in_pages(client, desk):
    action = rule(desk)
    see("90", at=NOW + S)
    carry_out(now=NOW + 2 * S)
    answer = client.get(f"/api/actions/{action.id}/trace/", {"page_size": 2}).json()
    assert answer["count"] == 4
    assert [entry["kind"] for entry in answer["results"]] == ["completed", "fired"]
    fired = answer["results"][1]
    assert fired["line"] == "AAPL 90.00 is at or below 90.00: fired"
    assert fired["trace_id"] == str(executions(action)[0].trace_id)
    assert fired["data"]["seen"] == {"low": "90", "high": "90", "last": "90"}
    assert (fired["count"], fired["epoch"]) == (1, 1)


def test_filters(client, desk):
    action = rule(desk, max_executions=3)
    see("90", at=NOW + S)
    carry_out(now=NOW + 2 * S)
    path = f"/api/actions/{action.id}/trace/"

    def kinds(**query):
        return [entry["kind"] for entry in client.get(path, query).json()["results"]]

    assert kinds(kind="fired") == ["fired"]
    assert kinds(kind=["fired", "created"]) == ["fired", "created"]
    assert kinds(since=(NOW + S).isoformat()) == ["done", "fired"]
    assert kinds(until=(NOW + S).isoformat()) == ["armed", "created"]
    assert kinds(trace_id=str(executions(action)[0].trace_id)) == ["done", "fired"]
    assert client.get(path, {"kind": "nonsense"}).status_code == 400
    assert client.get(path, {"form": "x"}).status_code == 400


def test_why(client, desk):
    action = rule(desk)
    answer = client.get(f"/api/actions/{action.id}/why/").json()
    assert set(answer) == {"code", "answer", "needed", "more", "watched"}
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW + timedelta(minutes=1), actor="ada")
    assert client.get(f"/api/actions/{action.id}/why/").json()["code"] == "paused"


def test_of_another_user_there_is_nothing(client, other):
    theirs = rule(other)
    for name in ("trace", "why"):
        assert client.get(f"/api/actions/{theirs.id}/{name}/").status_code == 404
