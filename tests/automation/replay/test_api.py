"""The replay doors."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from automation.models import Action
from automation.replay import running
from common.clock import now
from tests.automation.making import rule, written
from tests.automation.replay.test_running import ASKED, GRID, store
from tests.orders.making import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(desk: Desk) -> APIClient:
    store()
    made = APIClient(raise_request_exception=False)
    made.force_authenticate(desk.user)
    return made


def post(client: APIClient, path: str, data: Any) -> Any:
    return client.post(f"/api/actions/{path}", data, format="json")


def test_the_same_door_answers_what_if_and_replay(client: APIClient, desk: Desk) -> None:
    action = rule(desk)
    assert post(client, f"{action.pk}/simulate/", {"price": "90"}).json()["would_fire"] is True
    answer = post(client, f"{action.pk}/simulate/", ASKED)
    assert answer.status_code == 200
    assert answer.json()["summary"]["fires"] == 1


def test_a_draft_is_replayed(client: APIClient) -> None:
    answer = post(client, "simulate/", {**ASKED, "rule": written()})
    assert answer.status_code == 200
    assert not Action.objects.exists()
    assert post(client, "simulate/", ASKED).json()["errors"]["rule"]
    assert post(client, "simulate/", [1]).status_code == 400


def test_a_grid_is_accepted_listed_shown_and_discarded(client: APIClient, desk: Desk) -> None:
    answer = post(client, f"{rule(desk).pk}/simulate/", {**ASKED, "grid": GRID})
    assert answer.status_code == 202
    run = answer.json()
    assert (run["state"], run["total_steps"]) == ("queued", 5)
    running.carry_out(run["id"], now=now())
    listed = client.get("/api/actions/replays/").json()["results"]
    assert [(one["id"], one["state"], "result" in one) for one in listed] == [(run["id"], "done", False)]
    assert client.get(f"/api/actions/replays/{run['id']}/").json()["result"]["grid"]["best"] == "88"
    assert client.delete(f"/api/actions/replays/{run['id']}/").status_code == 204
    assert client.get(f"/api/actions/replays/{run['id']}/").status_code == 404


def test_other_peoples_rules_do_not_exist(client: APIClient, other: Desk) -> None:
    assert post(client, f"{rule(other).pk}/simulate/", ASKED).status_code == 404
    draft = {**written(), "portfolio": str(other.portfolio.pk)}
    assert "rule.portfolio" in post(client, "simulate/", {**ASKED, "rule": draft}).json()["errors"]
