"""Rules in the admin: the pages work, and every change goes through the domain."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from automation.models import Action, ActionVersion
from tests.automation.making import S, executions, fresh, rule, see, watch_of
from tests.orders.making import NOW
from watches import machine

pytestmark = pytest.mark.django_db
LIST = "/admin/automation/action/"


@pytest.fixture(autouse=True)
def stand_still(monkeypatch):
    monkeypatch.setattr("automation.admin.now", lambda: NOW)


@pytest.fixture
def admin(db) -> Client:
    client = Client()
    root = get_user_model().objects.create_superuser("root", password="root root root 1")
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    return client


def typed(desk, **changes) -> dict[str, str]:
    """The form as a person fills it in."""
    return {
        "user": str(desk.user.pk), "portfolio": str(desk.portfolio.pk), "name": "", "action_type": "BUY",
        "instrument": "AAPL", "quantity": "10", "amount_usd": "", "percent_of_position": "", "percent_of_equity": "",
        "mode": "auto", "trigger_type": "price_below", "trigger_params": json.dumps({"threshold": "90"}),
        "order_type": "market", "limit_price": "", "limit_offset": "", "stop_price": "", "time_in_force": "day",
        "message": "", "valid_from_0": "", "valid_from_1": "", "valid_until_0": "", "valid_until_1": "",
        "max_executions": "1", "cooldown_seconds": "0", "notes": "", "conditions": "[]", "group": "",
        "missed_policy": "skip", "run_late_minutes": "",
        "executions-TOTAL_FORMS": "0", "executions-INITIAL_FORMS": "0", **changes,
    }  # fmt: skip


def test_the_list_and_the_pages_open(admin, desk):
    action = rule(desk)
    see("90", at=NOW + S)
    page = admin.get(LIST)
    assert page.status_code == 200
    assert "Buy 10 AAPL when AAPL is at or below $90." in page.content.decode()
    assert admin.get(f"{LIST}?q=AAPL&status__exact=active").status_code == 200
    assert admin.get(f"{LIST}{action.id}/change/").status_code == 200
    assert admin.get(f"{LIST}add/").status_code == 200
    for path in ("actionexecution", "actionversion"):
        assert admin.get(f"/admin/automation/{path}/").status_code == 200
    (execution,) = executions(action)
    assert admin.get(f"/admin/automation/actionexecution/{execution.id}/change/").status_code == 200
    for path in ("watch", "series", "timer"):
        assert admin.get(f"/admin/watches/{path}/").status_code == 200


def test_a_rule_added_in_the_form_is_armed_and_has_a_version(admin, desk):
    answer = admin.post(f"{LIST}add/", typed(desk))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    action = Action.objects.get()
    assert (action.user, action.trigger_params["edge"]) == (desk.user, "level")
    assert watch_of(action).phase == machine.ARMED
    assert ActionVersion.objects.get().actor == "root (admin)"


def test_the_form_accepts_what_the_api_accepts_and_nothing_else(admin, desk):
    for changes, words in (
        ({"amount_usd": "500"}, "give exactly one size"),
        ({"trigger_params": '{"treshold": "90"}'}, "did you mean threshold?"),
        ({"action_type": "SELL"}, "holds no AAPL"),
        ({"instrument": ""}, "is required for BUY"),
    ):
        answer = admin.post(f"{LIST}add/", typed(desk, **changes))
        assert answer.status_code == 200
        assert words in answer.content.decode(), words
    assert not Action.objects.exists()


def test_an_edit_in_the_form_arms_afresh_only_when_it_must(admin, desk):
    action = rule(desk)
    answer = admin.post(f"{LIST}{action.id}/change/", typed(desk, notes="from the admin"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert (fresh(action).notes, fresh(action).epoch, fresh(action).version) == ("from the admin", 1, 2)
    admin.post(f"{LIST}{action.id}/change/", typed(desk, notes="n", trigger_params='{"threshold": "80"}'))
    assert (fresh(action).epoch, watch_of(action).level) == (2, 80)


@pytest.mark.parametrize(
    ("name", "status"), [("pause", "paused"), ("resume", "active"), ("cancel", "cancelled"), ("execute_now", "active")]
)
def test_actions_on_chosen_rules_go_through_the_domain(admin, desk, name, status):
    action = rule(desk)
    answer = admin.post(LIST, {"action": name, "_selected_action": [str(action.id)]}, follow=True)
    assert answer.status_code == 200
    assert fresh(action).status == status
    assert len(executions(action)) == (name == "execute_now")
    if name in ("pause", "cancel"):
        assert watch_of(action).phase == machine.OFF


def test_what_the_domain_refuses_is_told(admin, desk):
    action = rule(desk)
    Action.objects.filter(id=action.id).update(status="completed")
    answer = admin.post(LIST, {"action": "pause", "_selected_action": [str(action.id)]}, follow=True)
    assert "This rule is completed: it cannot become paused." in answer.content.decode()


def test_history_cannot_be_changed_or_deleted(admin, desk):
    action = rule(desk)
    assert admin.post(f"{LIST}{action.id}/delete/", {"post": "yes"}).status_code == 403
    version = ActionVersion.objects.get()
    assert admin.post(f"/admin/automation/actionversion/{version.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.get("/admin/automation/actionexecution/add/").status_code == 403


def test_a_person_without_the_right_sees_nothing(desk):
    client = Client()
    client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(LIST).status_code == 302
