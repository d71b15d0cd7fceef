"""Drafts, the scorecard and the raise of the mode, over HTTP."""

from __future__ import annotations

from datetime import datetime

import pytest

from agent.models import AgentConfig, AgentRun
from common.ids import new_id
from tests.agent.world import Place, settle
from tests.site.conftest import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(at: datetime) -> Place:
    return settle("ada", at)


def test_a_draft_is_accepted_once(place: Place, at: datetime) -> None:
    card = {"card": str(new_id()), "kind": "pause", "action": str(place.rule.pk), "sentence": "Sell 1 AAPL.",
            "why": "the run only proposes", "state": "open"}  # fmt: skip
    run = AgentRun.objects.create(
        user=place.desk.user, portfolio=place.desk.portfolio, trigger="manual", mode="suggest", provider="offline",
        created_at=at, actions_taken=[{"kind": "draft", "draft": card}],
    )  # fmt: skip
    client = client_of(place.desk.user)
    path = f"/api/agent/runs/{run.pk}/drafts/{card['card']}"
    answer = client.post(f"{path}/accept/")
    assert (answer.status_code, answer.json()["state"], answer.json()["action"]) == (200, "done", str(place.rule.pk))
    place.rule.refresh_from_db()
    assert place.rule.status == "paused"
    assert client.post(f"{path}/decline/").status_code == 409
    assert client.post(f"/api/agent/runs/{run.pk}/drafts/{new_id()}/accept/").status_code == 404


def test_the_scorecard_is_shown_before_the_mode_is_raised(place: Place) -> None:
    client = client_of(place.desk.user)
    card = client.get("/api/agent/scorecard/").json()
    assert (card["enough"], [one["sessions"] for one in card["horizons"]]) == (False, [1, 5, 20])
    thin = client.patch("/api/agent/config/", {"mode": "execute"}, content_type="application/json")
    assert (thin.status_code, thin.json()["code"]) == (409, "evidence_needed")
    assert thin.json()["evidence"]["lacks"] == card["lacks"]
    raised = client.patch(
        "/api/agent/config/",
        {"mode": "execute", "override": "a paper account, to see"},
        content_type="application/json",
    )
    assert (raised.status_code, raised.json()["mode"]) == (200, "execute")
    assert AgentConfig.objects.get(user=place.desk.user).mode == "execute"
