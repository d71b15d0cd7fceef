from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Credential, User
from alerts.channels import keeping
from alerts.channels.delivering import deliver_one
from alerts.models import AlertChannel, Delivery
from common.clock import now
from tests.fakes.listener import Listener

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("configured")]
HOOK = {"name": "phone", "kind": "webhook", "target": "https://example.com/secret/abcd1234"}


@pytest.fixture
def client(ann: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(ann)
    return client


def test_a_channel_is_made_shown_edited_and_forgotten(client: APIClient) -> None:
    made = client.post("/api/alerts/channels/", {**HOOK, "quiet_from": "22:00", "quiet_until": "07:00"}).json()
    assert made["signing_key"].startswith("whs_") and made["hint"] == "https://example.com/…1234"
    path = f"/api/alerts/channels/{made['id']}/"
    shown = client.get(path).json()
    assert "secret/" not in str(shown) and "signing_key" not in shown and shown["quiet_from"] == "22:00:00"
    edited = client.patch(path, {"verbosity": {"fill": "digest"}, "quiet_from": None, "quiet_until": None}).json()
    assert edited["verbosity"] == {"fill": "digest"} and edited["signing_key"] == ""
    assert client.patch(path, {"quiet_from": edited["created_at"][11:16]}).status_code == 400
    moved = client.patch(path, {"target": "https://example.org/x/wxyz"}).json()
    assert moved["hint"].endswith("wxyz") and moved["signing_key"] not in ("", made["signing_key"])
    assert client.get("/api/alerts/channels/").json()["count"] == 1
    assert client.delete(path).status_code == 204
    assert not Credential.objects.exists()


def test_the_target_is_encrypted_and_bound_to_its_channel(client: APIClient, ann: User) -> None:
    first = client.post("/api/alerts/channels/", HOOK).json()
    second = client.post("/api/alerts/channels/", {**HOOK, "name": "b", "target": "https://example.com/bb"}).json()
    one, two = Credential.objects.order_by("pk")
    assert b"secret" not in bytes(one.ciphertext)
    Credential.objects.filter(pk=two.pk).update(ciphertext=one.ciphertext)
    assert keeping.target_of(AlertChannel.objects.get(pk=first["id"]))["url"] == HOOK["target"]
    with pytest.raises(keeping.credentials.Unreadable):
        keeping.target_of(AlertChannel.objects.get(pk=second["id"]))
    assert client.get("/api/auth/credentials/").json()["count"] == 0  # their door is this one
    assert client.put("/api/auth/credentials/channel/", {"secret": "0123456789"}).status_code == 400
    assert client.delete("/api/auth/credentials/channel/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"kind": "fax"}, "kind"),
        ({"kind": ["email"]}, "kind"),
        ({"target": ""}, "target"),
        ({"target": "http://example.com/"}, "target"),
        ({"target": 5}, "target"),
        ({"token": "abc"}, "token"),
        ({"verbosity": {"fil": "on"}}, "verbosity.'fil'"),
        ({"verbosity": {"fill": "loud"}}, "verbosity.fill"),
        ({"verbosity": []}, "verbosity"),
        ({"quiet_from": "25:00", "quiet_until": "07:00"}, "quiet_from"),
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"flood_count": 0}, "flood_count"),
        ({"repeat_minutes": -1}, "repeat_minutes"),
        ({"colour": "red"}, "colour"),
        ({"kind": "email", "target": "not an address"}, "target"),
        ({"kind": "ntfy", "target": "https://ntfy.sh/"}, "target"),
        ({"kind": "apprise", "target": "json://127.0.0.1/"}, "target"),
    ],
)
def test_what_is_refused_names_the_field(client: APIClient, changes: dict[str, Any], field: str) -> None:
    answer = client.post("/api/alerts/channels/", {**HOOK, **changes})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert not AlertChannel.objects.exists()


def test_a_name_is_taken_once_and_a_kind_for_good(client: APIClient) -> None:
    made = client.post("/api/alerts/channels/", HOOK).json()
    assert list(client.post("/api/alerts/channels/", HOOK).json()["errors"]) == ["name"]
    changed = client.patch(f"/api/alerts/channels/{made['id']}/", {"kind": "email", "target": "ann@example.com"})
    assert list(changed.json()["errors"]) == ["kind"]


def test_a_secret_is_not_repeated_in_an_error(client: APIClient) -> None:
    secret = "http://example.com/hooks/0123456789abcdefghijklmnop"
    assert "abcdefgh" not in client.post("/api/alerts/channels/", {**HOOK, "target": secret}).content.decode()


def test_without_field_keys_nothing_is_kept(client: APIClient, configured: Callable[..., None]) -> None:
    configured(field_keys=())
    assert client.post("/api/alerts/channels/", HOOK).status_code == 409
    assert not AlertChannel.objects.exists()


def test_a_test_goes_out_in_quiet_hours_and_its_outcome_is_told(client: APIClient, listener: Listener) -> None:
    quiet = {"quiet_from": "00:00", "quiet_until": "00:00", "verbosity": {"default": "off"}}
    made = client.post("/api/alerts/channels/", {**HOOK, **quiet, "target": f"{listener.url}/x"}).json()
    listener.answers = [500]
    path = f"/api/alerts/channels/{made['id']}/test/"
    assert client.post(path).json()["state"] == "pending"
    deliver_one(now=now())
    [told] = client.get("/api/alerts/deliveries/?state=failed").json()["results"]
    assert (told["reason"], told["channel_name"]) == ("gave_up", "phone")  # a test is not tried again
    assert told["outcome"] == "127.0.0.1 answered 500"
    assert client.post(path).status_code == 202
    deliver_one(now=now())
    assert [row["state"] for row in client.get("/api/alerts/deliveries/").json()["results"]] == ["sent", "failed"]
    for _ in range(3):
        client.post(path)
    assert client.post(path).json()["code"] == "too_many_tests"


def test_other_users_see_and_reach_nothing(client: APIClient, bob: User) -> None:
    made = client.post("/api/alerts/channels/", HOOK).json()
    client.post(f"/api/alerts/channels/{made['id']}/test/")
    client.force_authenticate(bob)
    path = f"/api/alerts/channels/{made['id']}/"
    answers = [client.get(path), client.patch(path, {}), client.delete(path), client.post(f"{path}test/")]
    assert [answer.status_code for answer in answers] == [404] * 4
    for listed in ("channels", "deliveries"):
        assert client.get(f"/api/alerts/{listed}/").json()["count"] == 0
    assert client.get(f"/api/alerts/deliveries/?channel={made['id']}").status_code in (200, 400)
    assert Delivery.objects.count() == 1
