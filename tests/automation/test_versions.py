"""The history in words, and going back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from automation import lifecycle, versions
from automation.models import ActionVersion
from automation.promotion import EvidenceNeeded
from common.errors import Conflict, InvalidInput, NotFound
from portfolios.opening import open_portfolio
from tests.automation.making import S, fresh, rule, watch_of
from tests.orders.making import NOW, D

pytestmark = pytest.mark.django_db


def edit(desk, action, *, now=NOW, **changes):
    return lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, now=now, actor="bea")


def restore(desk, action, version, **options):
    return versions.restore(user=desk.user, action_id=action.id, version=version, now=NOW + S, actor="ada", **options)


def told(action) -> list[tuple[str, list[tuple[str, str, str]], list[str]]]:
    return [
        (past.sentence, [(c.field, c.old, c.new) for c in past.changes], list(past.remarks))
        for past in versions.history_of(fresh(action))
    ]


def test_each_version_in_words(desk) -> None:
    second = open_portfolio(user=desk.user, name="Spare", cash=D(10), now=NOW)
    action = rule(desk)
    edit(desk, action, trigger_params={"threshold": "85"}, max_executions=None)
    edit(desk, action, amount_usd="500", portfolio=str(second.id))
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW, actor="cyd")
    paused, sized, moved, made = told(action)
    assert paused[1:] == ([("status", "Active", "Paused")], [])
    assert sized[1] == [("dollars", "none", "500"), ("portfolio", "Main", "Spare"), ("quantity", "10", "none")]
    assert sized[0] == "Buy $500 of AAPL when AAPL is at or below $85, every time."
    assert moved[1] == [("how often at most", "1", "no limit"), ("trigger threshold", "90", "85")]
    assert made == ("Buy 10 AAPL when AAPL is at or below $90.", [], ["As it was made."])
    assert [past.restorable for past in versions.history_of(fresh(action))] == [False, False, True, True]


def test_going_back_is_an_edit_with_a_version_of_its_own(desk) -> None:
    action = rule(desk, name="first", notes="n", cooldown_seconds=60)
    edit(desk, action, name="", trigger_params={"threshold": "85", "edge": "cross"}, percent_of_equity="5", notes="")
    edit(desk, action, max_executions=None, cooldown_seconds=0)
    before = fresh(action)
    restored = restore(desk, action, 1)
    assert (restored.name, restored.notes, restored.quantity, restored.percent_of_equity) == ("first", "n", D(10), None)
    assert (restored.max_executions, restored.cooldown_seconds) == (1, 60)
    assert restored.trigger_params == {"threshold": "90", "edge": "level", "hysteresis": "0"}
    assert (restored.version, restored.epoch) == (before.version + 1, before.epoch + 1)
    assert watch_of(action).level == 90
    row = ActionVersion.objects.get(action=action, version=4)
    assert (row.actor, row.changes["restored"]) == ("ada", [None, 1])
    assert told(action)[0][2] == ["Back to version 1."]
    again = restore(desk, action, 3)  # and forth
    assert (again.max_executions, again.trigger_params["threshold"]) == (None, "85")


def test_every_version_can_be_gone_back_to(desk) -> None:
    action = rule(desk)
    states = [versions.raw_at(fresh(action), 1)]
    for number, changes in enumerate(
        (
            {"order_type": "limit", "limit_offset": "0.10"},
            {"symbol": "MSFT", "valid_until": (NOW + timedelta(days=9)).isoformat()},
            {"trigger_type": "trailing_stop", "trigger_params": {"percent": "5"}, "mode": "notify"},
            {"action_type": "NOTIFY", "quantity": None, "order_type": "market", "message": "look"},
        ),
        start=2,
    ):
        edit(desk, action, **changes)
        states.append(versions.raw_at(fresh(action), number))
    for number, state in enumerate(states, start=1):
        restore(desk, action, number, override="back to how it was")
        assert versions.raw_at(fresh(action), fresh(action).version) == state


def test_the_status_stays(desk) -> None:
    action = rule(desk)
    edit(desk, action, name="x")
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    assert restore(desk, action, 1).status == "paused"


def test_going_back_to_what_it_is_leaves_no_trace(desk) -> None:
    action = rule(desk)
    assert restore(desk, action, 1).version == 1


def test_what_cannot_be_any_more_is_named(desk) -> None:
    action = rule(desk, valid_until=(NOW + timedelta(milliseconds=500)).isoformat())
    edit(desk, action, valid_until=None)
    with pytest.raises(InvalidInput, match="already passed"):
        restore(desk, action, 1)
    with pytest.raises(NotFound, match="no version 7"):
        restore(desk, action, 7)
    lifecycle.cancel(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    with pytest.raises(Conflict):
        restore(desk, action, 2)


def test_it_is_no_way_round_the_evidence(desk) -> None:
    action = rule(desk)
    edit(desk, action, mode="monitor")
    with pytest.raises(EvidenceNeeded):
        restore(desk, action, 1)
    assert restore(desk, action, 1, override="it was fine before").mode == "auto"


@pytest.fixture
def api(desk, monkeypatch) -> APIClient:
    monkeypatch.setattr("automation.evidence_api.now", lambda: NOW)
    client = APIClient()
    client.force_authenticate(desk.user)
    return client


def test_the_door(api, desk, other) -> None:
    action = rule(desk)
    edit(desk, action, name="x", mode="monitor")
    path = f"/api/actions/{action.id}/versions/1/restore/"
    assert api.post(path, {"overide": "x"}).status_code == 400
    assert api.post(path).json()["code"] == "evidence_needed"
    answer = api.post(path, {"override": "it was fine before"})
    assert (answer.status_code, answer.json()["name"], answer.json()["version"]) == (200, "", 3)
    theirs = rule(other)
    assert api.post(f"/api/actions/{theirs.id}/versions/1/restore/").status_code == 404
    assert api.post(f"/api/actions/{action.id}/versions/99/restore/").status_code == 404
