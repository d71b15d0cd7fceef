"""The evidence, the mode ladder and the versions on a rule's page."""

from __future__ import annotations

import pytest
from django.test import Client

from automation import lifecycle
from automation.models import Action
from common.clock import now
from safety.models import SafetyEvent
from tests.automation.proving import fire_in_shadow
from tests.dashboard.making import rule, typed
from tests.orders.making import Desk

REASON = "I have watched it long enough"


def test_the_panel_is_a_part_and_a_page(site: Client, desk: Desk) -> None:
    action = rule(desk, mode="monitor", max_executions=None)
    fire_in_shadow(action, "90", hours=0)
    path = f"/actions/{action.pk}/evidence/"
    assert path in site.get(f"/actions/{action.pk}/").content.decode()
    part = site.get(path, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "+$99.00" in part  # 10 at 90 with a dollar of fee, now at 100
    assert "1 of at least 3 shadow trades" in part
    page = site.get(path).content.decode()
    assert "Back to the rule" in page


def test_a_rule_without_trades_says_so(site: Client, desk: Desk) -> None:
    action = rule(desk, mode="monitor")
    assert "No trade yet" in site.get(f"/actions/{action.pk}/evidence/").content.decode()
    telling = rule(desk, action_type="NOTIFY", quantity=None, mode="monitor")
    assert "Evidence</h2>" not in site.get(f"/actions/{telling.pk}/").content.decode()
    assert site.get(f"/actions/{telling.pk}/evidence/").status_code == 200


def test_down_the_ladder_at_once_and_up_with_a_reason(site: Client, desk: Desk) -> None:
    action = rule(desk)
    path = f"/actions/{action.pk}/mode/"
    answer = site.post(path, {"mode": "monitor"}, follow=True)
    assert "only records now" in answer.content.decode()
    refused = site.post(path, {"mode": "auto"}, follow=True).content.decode()
    assert "the evidence is thin" in refused
    assert "override" not in refused.split("<main")[1].split("Not changed")[1][:300]  # the page's words, not the API's
    assert Action.objects.get().mode == "monitor"
    assert "10 to 300" in site.post(path, {"mode": "auto", "override": "no"}, follow=True).content.decode()
    site.post(path, {"mode": "auto", "override": REASON})
    assert Action.objects.get().mode == "auto"
    assert SafetyEvent.objects.get(kind="promotion_override").note == REASON
    assert "is not a mode" in site.post(path, {"mode": "yolo"}, follow=True).content.decode()


def test_the_form_says_where_to_give_the_reason(site: Client, desk: Desk) -> None:
    action = rule(desk, mode="monitor")
    answer = site.post(f"/actions/{action.pk}/edit/", typed(mode="auto"))
    assert answer.status_code == 422
    assert "The evidence is thin" in answer.context["form"].errors["mode"][0]
    assert Action.objects.get().mode == "monitor"


def test_versions_are_told_in_words_and_can_be_gone_back_to(site: Client, desk: Desk) -> None:
    action = rule(desk)
    lifecycle.update_action(
        user=desk.user,
        action_id=action.pk,
        changes={"trigger_params": {"threshold": "85"}},
        now=now(),
        actor="bea",
    )
    page = site.get(f"/actions/{action.pk}/").content.decode()
    assert "Trigger threshold" in page
    assert "Buy 10 AAPL when AAPL is at or below $90." in page
    answer = site.post(f"/actions/{action.pk}/versions/1/restore/", follow=True)
    assert "as it was at version 1" in answer.content.decode()
    assert Action.objects.get().trigger_params["threshold"] == "90"
    assert "Back to version 1." in answer.content.decode()
    assert site.post(f"/actions/{action.pk}/versions/9/restore/").status_code == 404


@pytest.mark.parametrize("path", ["evidence/", "mode/", "versions/1/restore/"])
def test_nobody_elses(site: Client, other: Desk, path: str) -> None:
    theirs = rule(other)
    send = site.get if path == "evidence/" else site.post
    assert send(f"/actions/{theirs.pk}/{path}", {"mode": "monitor"}).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.mode, theirs.version) == ("auto", 1)
