"""Settings: the account, the broker, the agent's keys, tokens."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import credentials
from accounts.models import ApiToken, Credential
from accounts.tokens import create_token
from automation.hooks import keeping as hooks
from common.clock import now
from safety.models import SafetyEvent
from tests.dashboard.making import rule, signed_in
from tests.orders.making import Desk

SECRET = "sk-ant-abcdefgh-0001-WXYZ"
PASSWORD = "long-enough-1"
PARTS = ("", "broker/", "ai/", "tokens/", "notifications/", "notifications/deliveries/", "data/")


@pytest.fixture(autouse=True)
def field_key(monkeypatch: pytest.MonkeyPatch) -> None:
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, field_keys=(key,)))


def text(client: Client, path: str) -> str:
    return client.get(path).content.decode()


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_shown(site: Client, part: str) -> None:
    answer = site.get(f"/settings/{part}")
    assert answer.status_code == 200
    assert 'aria-current="page"' in answer.content.decode()


# --- account


def test_the_profile_is_kept_and_shown(site: Client, desk: Desk) -> None:
    answer = site.post(
        "/settings/", {"name": "Ada L.", "email": "ada@example.com", "time_zone": "Europe/Paris"}, follow=True
    )
    desk.user.refresh_from_db()
    assert (desk.user.first_name, desk.user.email, desk.user.time_zone) == ("Ada L.", "ada@example.com", "Europe/Paris")
    page = answer.content.decode()
    assert "Saved." in page
    assert 'data-zone="Europe/Paris"' in page
    assert '<span class="muted">Ada L.</span>' in page


def test_what_is_wrong_is_said_beside_the_field(site: Client, desk: Desk) -> None:
    answer = site.post("/settings/", {"name": "Ada", "email": "not an address", "time_zone": "Mars/Base"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "is not an e-mail address" in page and "is not a time zone" in page
    desk.user.refresh_from_db()
    assert desk.user.first_name == ""


@pytest.mark.django_db(transaction=True)
def test_a_new_password_ends_the_other_sessions(site: Client, desk: Desk) -> None:
    desk.user.set_password(PASSWORD)
    desk.user.save()
    here, there = signed_in(desk), signed_in(desk)
    wrong = here.post(
        "/settings/password/", {"current_password": "no", "new_password": "another-long-1", "again": "another-long-1"}
    )
    assert "This is not your password" in wrong.content.decode()
    assert SafetyEvent.objects.filter(user=desk.user, kind="password_refused").exists()
    differs = here.post(
        "/settings/password/", {"current_password": PASSWORD, "new_password": "another-long-1", "again": "x"}
    )
    assert "not the same as the new password" in differs.content.decode()
    weak = here.post("/settings/password/", {"current_password": PASSWORD, "new_password": "1234", "again": "1234"})
    assert "too short" in weak.content.decode()
    done = here.post(
        "/settings/password/",
        {"current_password": PASSWORD, "new_password": "another-long-1", "again": "another-long-1"},
        follow=True,
    )
    assert "The password is changed" in done.content.decode()
    assert there.get("/settings/").status_code == 302, "signed out"
    desk.user.refresh_from_db()
    assert desk.user.check_password("another-long-1")


@pytest.mark.django_db(transaction=True)
def test_signing_out_everywhere_else_keeps_password_and_session(site: Client, desk: Desk) -> None:
    desk.user.set_password(PASSWORD)
    desk.user.save()
    here, there = signed_in(desk), signed_in(desk)
    refused = here.post("/settings/elsewhere/", {"current_password": "no"})
    assert "This is not your password" in refused.content.decode()
    assert there.get("/settings/").status_code == 200
    assert here.post("/settings/elsewhere/", {"current_password": PASSWORD}).status_code == 302
    assert there.get("/settings/").status_code == 302
    assert here.get("/settings/").status_code == 200
    desk.user.refresh_from_db()
    assert desk.user.check_password(PASSWORD)


# --- broker


def test_both_keys_of_the_broker_or_none(site: Client, desk: Desk) -> None:
    half = site.post("/settings/broker/keys/", {"key": "PKABCDEFGH12", "secret": "short"})
    assert half.status_code == 422
    assert "It must have 8 to 4096 plain characters" in half.content.decode()
    assert "PKABCDEFGH12" not in half.content.decode(), "what was typed is not shown again"
    assert not Credential.objects.exists()
    site.post("/settings/broker/keys/", {"key": "PKABCDEFGH12", "secret": "secret-of-alpaca-9876"})
    page = text(site, "/settings/broker/")
    assert "••••GH12" in page and "••••9876" in page
    assert "PKABCDEFGH12" not in page and "secret-of-alpaca" not in page
    site.post("/settings/broker/keys/remove/")
    assert not Credential.objects.exists()
    assert site.post("/settings/broker/keys/remove/").status_code == 404


def test_the_broker_is_asked_for_the_account(site: Client, desk: Desk) -> None:
    path = f"/settings/broker/{desk.account.pk}/test/"
    beside = site.post(path, headers={"HX-Request": "true"}).content.decode()
    assert "Works: the broker answered." in beside and "$100,000.00" in beside
    assert "<html" not in beside
    assert "Works: the broker answered." in site.post(path, follow=True).content.decode()


def test_real_money_is_behind_every_switch(site: Client, desk: Desk) -> None:
    steps = site.get("/settings/broker/").context["steps"]
    assert [step.done for step in steps] == [False] * 5
    assert "ALLOW_LIVE=1" in steps[0].text


# --- the agent's providers


class Models(BaseHTTPRequestHandler):
    """A provider that lists its models to those who have the key."""

    status = 200

    def do_GET(self) -> None:
        body = json.dumps(
            {"object": "list", "data": [{"id": "small-1", "object": "model", "created": 1, "owned_by": "x"}]}
            if self.status == 200
            else {"error": {"message": f"no such key: {self.headers.get('Authorization')}", "type": "auth"}}
        ).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        del format, args


@contextmanager
def provider(status: int) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (Models,), {"status": status}))
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_key_is_written_masked_replaced_and_removed(site: Client, desk: Desk) -> None:
    answer = site.post("/settings/ai/anthropic/", {"secret": SECRET}, follow=True)
    page = answer.content.decode()
    assert "••••WXYZ" in page and SECRET not in page
    site.post("/settings/ai/anthropic/", {"secret": SECRET[:-4] + "1234"})
    assert "••••1234" in text(site, "/settings/ai/")
    assert credentials.reveal(user_id=desk.user.pk, kind="anthropic").endswith("1234")
    site.post("/settings/ai/anthropic/remove/")
    assert "••••" not in text(site, "/settings/ai/")
    short = site.post("/settings/ai/openai/", {"secret": "sk-1"})
    assert short.status_code == 422 and "copy it again" in short.content.decode()
    assert site.post("/settings/ai/channel/", {"secret": SECRET}).status_code == 404, "not a provider"


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("openai", 200, "Works: the key is taken, 1 model can be used."),
        ("anthropic", 200, "Works: the key is taken, 1 model can be used."),
        ("openai", 401, "OpenAI refused the key"),
        ("anthropic", 401, "Anthropic refused the key"),
        ("compatible", 503, "is busy or down at the moment"),
    ],
)
def test_a_key_is_tested_without_running_a_model(
    site: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str, status: int, words: str
) -> None:
    credentials.store(user=desk.user, kind=kind, secret=SECRET, now=now())
    with provider(status) as url:
        addresses: dict[str, Any] = {
            "anthropic_base_url": url.removesuffix("/v1"),
            "openai_base_url": url,
            "llm_base_url": url,
        }
        monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, **addresses))
        page = site.post(f"/settings/ai/{kind}/test/", headers={"HX-Request": "true"}).content.decode()
    assert words in page
    assert SECRET not in page, "a remote that repeats the key is not repeated"


def test_a_provider_that_is_not_there_and_one_without_key(
    site: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "There is no openai key of yours" in site.post("/settings/ai/openai/test/", follow=True).content.decode()
    credentials.store(user=desk.user, kind="openai", secret=SECRET, now=now())
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, openai_base_url="http://127.0.0.1:9/v1"))
    assert "OpenAI did not answer" in site.post("/settings/ai/openai/test/", follow=True).content.decode()


# --- tokens


def test_a_token_is_shown_once_and_revoked(site: Client, desk: Desk) -> None:
    made = site.post("/settings/tokens/", {"name": "notebook", "scopes": ["read", "trade"], "lives": "30"})
    page = made.content.decode()
    secret = re.findall(r'value="(pfl_[\w-]{20,})"', page)[0]
    assert made["Cache-Control"] == "no-store"
    assert f"Bearer {secret}" in page.replace("&quot;", '"')
    token = ApiToken.objects.get(user=desk.user)
    assert token.scopes == ["read", "trade"]
    assert token.expires_at and timedelta(days=29) < token.expires_at - now() <= timedelta(days=30)
    listed = text(site, "/settings/tokens/")
    assert "notebook" in listed and secret not in listed
    script = {"HTTP_AUTHORIZATION": f"Token {secret}"}
    assert Client().get("/api/auth/me/", **script).status_code == 200  # type: ignore[arg-type]
    site.post(f"/settings/tokens/{token.pk}/revoke/")
    assert Client().get("/api/auth/me/", **script).status_code == 401  # type: ignore[arg-type]
    shown = site.get("/settings/tokens/").context
    assert shown["tokens"] == [] and [ended.name for ended in shown["ended"]] == ["notebook"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "", "scopes": ["read"], "lives": "30"}, "write a name of 1 to 80 characters"),
        ({"name": "x", "lives": "30"}, "choose from read, trade, approve, admin"),
        ({"name": "x", "scopes": ["read"], "lives": "7"}, "is not one of the choices"),
        ({"name": "mine", "scopes": ["read"], "lives": ""}, "You have a token named"),
    ],
)
def test_what_is_wrong_with_a_token(site: Client, desk: Desk, given: dict[str, Any], words: str) -> None:
    create_token(user=desk.user, name="mine", scopes=["read"], now=now())
    answer = site.post("/settings/tokens/", given)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert ApiToken.objects.count() == 1


def test_the_address_for_assistants_and_of_rules(site: Client, desk: Desk) -> None:
    action = rule(desk, action_type="NOTIFY", quantity=None, trigger_type="webhook", trigger_params={})
    made = hooks.generate(user=desk.user, action_id=action.pk, signed=True, now=now())
    page = text(site, "/settings/tokens/")
    assert "http://testserver/mcp" in page
    assert f"/actions/{action.pk}/" in page
    assert made.token not in page and made.signing_key not in page


# --- other people's


def test_the_second_user_sees_and_reaches_nothing(site: Client, desk: Desk, other: Desk) -> None:
    credentials.store(user=desk.user, kind="anthropic", secret=SECRET, now=now())
    token, _ = create_token(user=desk.user, name="adas token", scopes=["read"], now=now())
    stranger = signed_in(other)
    assert "••••" not in text(stranger, "/settings/ai/")
    assert "adas token" not in text(stranger, "/settings/tokens/")
    assert str(desk.account.pk) not in text(stranger, "/settings/broker/")
    assert stranger.post(f"/settings/tokens/{token.pk}/revoke/").status_code == 404
    assert stranger.post(f"/settings/broker/{desk.account.pk}/test/").status_code == 404
    stranger.post("/settings/ai/anthropic/remove/")
    assert credentials.has(user_id=desk.user.pk, kind="anthropic")
