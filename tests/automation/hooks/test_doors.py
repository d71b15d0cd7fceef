from __future__ import annotations

import json

import pytest
from django.test import Client
from rest_framework.test import APIClient

from automation.models import ActionHook, HookCall
from tests.automation.making import executions, rule
from tests.orders.making import Desk, open_desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(desk: Desk) -> APIClient:
    client = APIClient()
    client.force_authenticate(desk.user)
    return client


def test_from_the_address_to_the_list_of_calls(desk: Desk, api: APIClient) -> None:
    action = rule(desk, trigger_type="webhook", trigger_params={})
    path = f"/api/actions/{action.id}/hook/"
    assert api.get(path).status_code == 404
    made = api.post(path, {}).json()
    assert "hk_" not in str(api.get(path).json()).replace(made["prefix"], "")
    assert not ActionHook.objects.filter(token_hash__in=made["url"].split("/")).exists()
    stranger = Client(enforce_csrf_checks=True)
    answer = stranger.post(made["url"], "buy now", content_type="text/plain")
    assert (answer.status_code, answer.json()) == (202, {"accepted": True})
    assert len(executions(action)) == 1
    [told] = api.get(f"{path}calls/").json()["results"]
    assert (told["outcome"], told["body"]) == ("fired", "buy now")
    assert api.delete(path).status_code == 204
    assert stranger.post(made["url"], "again", content_type="text/plain").status_code == 404


def test_what_the_door_does_not_take(desk: Desk, api: APIClient) -> None:
    action = rule(desk, trigger_type="webhook", trigger_params={})
    url = api.post(f"/api/actions/{action.id}/hook/", {}).json()["url"]
    client = Client()
    for path in (url, "/hooks/hk_nothing/"):  # whether it exists or not
        assert client.get(path).status_code == 405
        assert client.post(path, "x" * 16_385, content_type="text/plain").status_code == 413
    wrong = client.post("/hooks/hk_nothing/", "{}", content_type="application/json")
    assert (wrong.status_code, json.loads(wrong.content)["code"]) == (404, "not_found")
    assert not HookCall.objects.exists()
    assert client.post(url, b"\xff\x00", content_type="application/json").status_code == 202


def test_other_users_see_nothing(desk: Desk, api: APIClient) -> None:
    action = rule(desk, trigger_type="webhook", trigger_params={})
    path = f"/api/actions/{action.id}/hook/"
    api.post(path, {})
    api.force_authenticate(open_desk("bob").user)
    assert [api.get(path).status_code, api.post(path, {}).status_code, api.delete(path).status_code] == [404] * 3
    assert api.get(f"{path}calls/").status_code == 404
    assert ActionHook.objects.count() == 1
