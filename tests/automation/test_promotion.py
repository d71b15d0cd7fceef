"""From watching to trading: on evidence, or against it with a reason that is kept."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.test import APIClient

from alerts.models import Alert
from automation import lifecycle
from automation.models import ActionVersion
from automation.promotion import EvidenceNeeded
from common.errors import InvalidInput
from safety.models import SafetyEvent
from tests.automation.making import fresh, hold, rule
from tests.automation.proving import DAY, watched_rule
from tests.automation.test_admin import typed
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db
REASON = "I know what I am doing"


def promote(desk, action, **changes):
    return lifecycle.update_action(
        user=desk.user, action_id=action.id, changes={"mode": "auto", **changes}, now=NOW, actor="ada"
    )


def overrides() -> list[SafetyEvent]:
    return list(SafetyEvent.objects.filter(kind="promotion_override"))


def test_with_good_evidence_it_is_an_edit_like_any_other(desk) -> None:
    action = watched_rule(desk)
    assert promote(desk, action).mode == "auto"
    assert not overrides()
    assert ActionVersion.objects.get(action=action, version=2).changes == {"mode": ["monitor", "auto"]}


@pytest.mark.parametrize("mode", ["monitor", "notify"])
def test_with_thin_evidence_it_is_refused_and_nothing_changes(desk, mode) -> None:
    action = rule(desk, mode=mode)
    with pytest.raises(EvidenceNeeded) as refused:
        promote(desk, action, name="changed, too")
    assert [lack.code for lack in refused.value.evidence.lacks] == ["FEW_TRADES", "FEW_DAYS"]
    assert (fresh(action).mode, fresh(action).name, fresh(action).version) == (mode, "", 1)


def test_a_reason_does_it_and_is_kept_in_three_places(desk) -> None:
    action = rule(desk, mode="monitor")
    assert promote(desk, action, override=f"  {REASON} ").mode == "auto"
    assert ActionVersion.objects.get(action=action, version=2).changes["override"] == [None, REASON]
    (event,) = overrides()
    assert (event.user, event.actor, event.note) == (desk.user, "ada", REASON)
    assert event.after["evidence"]["lacks"][0]["code"] == "FEW_TRADES"
    alert = Alert.objects.get(kind="safety")
    assert REASON in alert.body
    assert "against the evidence" in alert.title


@pytest.mark.parametrize(
    "reason", ["too short", " " * 30, "x" * 301, 5, ["a reason that is a list"], "a reason\x00 here"]
)
def test_what_is_no_reason(desk, reason) -> None:
    action = rule(desk, mode="monitor")
    with pytest.raises(InvalidInput) as refused:
        promote(desk, action, override=reason)
    assert list(refused.value.errors) == ["override"]
    assert fresh(action).mode == "monitor"


def test_a_reason_goes_with_a_promotion_only(desk) -> None:
    action = rule(desk, mode="monitor")
    with pytest.raises(InvalidInput, match="goes with mode auto only"):
        lifecycle.update_action(
            user=desk.user, action_id=action.id, changes={"mode": "notify", "override": REASON}, now=NOW, actor="ada"
        )


def test_no_reason_is_kept_where_none_was_needed(desk) -> None:
    action = watched_rule(desk)
    promote(desk, action, override=REASON)
    assert not overrides()
    assert "override" not in ActionVersion.objects.get(action=action, version=2).changes


def test_evidence_about_another_trigger_does_not_count(desk) -> None:
    action = watched_rule(desk)
    with pytest.raises(EvidenceNeeded):
        promote(desk, action, trigger_params={"threshold": "60"})
    assert promote(desk, action, name="only a name").mode == "auto"


def test_what_does_not_trade_needs_no_evidence_and_neither_does_the_way_down(desk) -> None:
    telling = rule(desk, action_type="NOTIFY", mode="monitor")
    assert promote(desk, telling).mode == "auto"
    trading = rule(desk)
    for mode in ("notify", "monitor"):
        changed = lifecycle.update_action(
            user=desk.user, action_id=trading.id, changes={"mode": mode}, now=NOW, actor="ada"
        )
        assert changed.mode == mode
    with pytest.raises(EvidenceNeeded):  # and back up needs it again
        promote(desk, trading)


def test_other_edits_of_an_automatic_rule_are_free(desk) -> None:
    action = rule(desk)
    assert promote(desk, action, trigger_params={"threshold": "80"}).trigger_params["threshold"] == "80"


@pytest.fixture
def api(desk, monkeypatch) -> APIClient:
    monkeypatch.setattr("automation.api.now", lambda: NOW)
    client = APIClient()
    client.force_authenticate(desk.user)
    return client


def test_the_api_answers_with_the_evidence_and_what_to_send(api, desk) -> None:
    hold(desk, now=NOW - 8 * DAY)
    action = watched_rule(desk, last="70")
    path = f"/api/actions/{action.id}/"
    answer = api.patch(path, {"mode": "auto"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, "application/problem+json")
    body = answer.json()
    assert body["code"] == "evidence_needed"
    assert body["evidence"]["shadow"]["result"] == "-573"
    assert body["evidence"]["lacks"] == [
        {"code": "NEGATIVE_RESULT", "message": "It would have lost $573.00 after costs."}
    ]
    assert body["send"]["mode"] == "auto"
    assert "would have lost" in body["detail"]
    assert api.patch(path, {"mode": "auto", "override": "short"}).json()["errors"]["override"]
    assert api.patch(path, {"mode": "auto", "override": REASON}).json()["mode"] == "auto"


def test_nobody_promotes_anothers_rule(api, other) -> None:
    theirs = rule(other, mode="monitor")
    answer = api.patch(f"/api/actions/{theirs.id}/", {"mode": "auto", "override": REASON})
    assert answer.status_code == 404
    assert fresh(theirs).mode == "monitor"


def test_the_admin_goes_the_same_way(desk, monkeypatch) -> None:
    monkeypatch.setattr("automation.admin.now", lambda: NOW)
    action = rule(desk, mode="monitor")
    root = get_user_model().objects.create_superuser("root", password="root root root 1")
    client = Client()
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    path = f"/admin/automation/action/{action.id}/change/"
    form = typed(desk, mode="auto", trigger_params=json.dumps(action.trigger_params))
    answer = client.post(path, form)
    assert answer.status_code == 200
    assert "The evidence is thin" in answer.content.decode()
    assert client.post(path, {**form, "override": "short"}).status_code == 200
    assert fresh(action).mode == "monitor"
    assert client.post(path, {**form, "override": REASON}).status_code == 302
    assert fresh(action).mode == "auto"
    assert overrides()[0].actor == "root (admin)"
    assert client.get("/admin/automation/shadowtrade/").status_code == 200
