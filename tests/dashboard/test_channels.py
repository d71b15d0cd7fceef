"""Notifications: channels set up in plain fields, tested, quiet, logged."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from alerts.channels import keeping
from alerts.channels.delivering import deliver_one
from alerts.channels.services import SERVICES, recognised, target_of
from alerts.models import AlertChannel, Delivery
from alerts.raising import raise_alert
from common.clock import now
from common.errors import InvalidInput
from tests.dashboard.making import signed_in
from tests.fakes.listener import Listener, listening
from tests.orders.making import Desk

TOKEN = "123456789:AAEabcdefghijklmnopqrstuvwxyz012345"


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """A receiver on loopback that the operator allows; a field key is there."""
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    with listening() as found:
        monkeypatch.setattr(
            settings, "CONFIG", replace(settings.CONFIG, field_keys=(key,), outbound_hosts=(found.host,))
        )
        yield found


def filled(**changes: str) -> dict[str, str]:
    return {
        "name": "my phone",
        "time_zone": "Europe/Paris",
        "quiet_from": "",
        "quiet_until": "",
        "flood_count": "10",
        "flood_minutes": "10",
        "digest_minutes": "60",
        "repeat_minutes": "0",
        "repeat_most": "10",
        "loud-default": "on",
        **changes,
    }


def webhook(desk: Desk, listener: Listener, name: str = "hook") -> AlertChannel:
    data = {"name": name, "kind": "webhook", "target": f"{listener.url}/secret/path"}
    return keeping.create(user=desk.user, data=data, now=now())[0]


@pytest.mark.parametrize(
    ("name", "given", "target"),
    [
        ("telegram", {"bot_token": TOKEN, "chat": "-100123"}, f"tgram://{TOKEN}/-100123"),
        ("discord", {"url": "https://discord.com/api/webhooks/123/ab-C_d"}, "discord://123/ab-C_d"),
        ("slack", {"url": "https://hooks.slack.com/services/T1/B2/xyz"}, "slack://T1/B2/xyz"),
        ("pushover", {"user_key": "u" * 30, "app_token": "a" * 30}, f"pover://{'u' * 30}@{'a' * 30}"),
        ("email", {"target": "ann@example.com"}, "ann@example.com"),
    ],
)
def test_plain_fields_become_a_target(name: str, given: dict[str, str], target: str) -> None:
    assert target_of(SERVICES[name], given)["target"] == target


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("telegram", {"bot_token": "wrong", "chat": "1"}, "bot_token"),
        ("telegram", {"bot_token": TOKEN, "chat": "?silent=yes&x=/etc"}, "chat"),
        ("discord", {"url": "https://evil.example/api/webhooks/1/2"}, "url"),
        ("slack", {"url": "https://hooks.slack.com/services/T1"}, "url"),
        ("discord", {"url": "https://discord.com/api/webhooks/1/a?template=/etc/passwd/"}, ""),
        ("pushover", {"user_key": "x", "app_token": "a" * 30}, "user_key"),
        ("ntfy", {"target": ""}, "target"),
    ],
)
def test_what_is_none_of_theirs_is_refused(name: str, given: dict[str, str], field: str) -> None:
    if not field:  # options of the address are left out
        assert "?" not in target_of(SERVICES[name], given)["target"]
        return
    with pytest.raises(InvalidInput) as refused:
        target_of(SERVICES[name], given)
    assert field in refused.value.errors
    assert TOKEN not in str(refused.value)


def test_a_channel_is_known_again_by_its_hint() -> None:
    assert recognised("apprise", "tgram://…1234").name == "telegram"
    assert recognised("apprise", "gchat://…1234").name == "other"
    assert recognised("ntfy", "ntfy.sh/…opic").name == "ntfy"


def test_a_telegram_channel_is_made_without_a_raw_address(site: Client, desk: Desk, listener: Listener) -> None:
    page = site.get("/settings/notifications/new/telegram/").content.decode()
    assert "Bot token" in page and "tgram" not in page
    answer = site.post(
        "/settings/notifications/new/telegram/",
        filled(to_bot_token=TOKEN, to_chat="123456", **{"loud-fill": "digest", "loud-note": ""}),
        follow=True,
    )
    assert "my phone" in answer.content.decode() and TOKEN not in answer.content.decode()
    made = AlertChannel.objects.get(user=desk.user)
    assert made.verbosity == {"default": "on", "fill": "digest"}
    assert made.time_zone == "Europe/Paris"
    assert keeping.target_of(made)["url"] == f"tgram://{TOKEN}/123456"


def test_refusals_stand_beside_the_field_and_secrets_stay_away(site: Client, desk: Desk, listener: Listener) -> None:
    answer = site.post(
        "/settings/notifications/new/telegram/",
        filled(to_bot_token="not-a-token-but-secret", to_chat="123", name="", quiet_from="25:00"),
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "is not a bot&#x27;s token" in page
    assert "not-a-token-but-secret" not in page
    answer = site.post(
        "/settings/notifications/new/webhook/", filled(to_target="http://10.0.0.1/x", name="", flood_count="0")
    )
    page = answer.content.decode()
    assert "must begin with https://" in page and "is required" in page and "is not a whole number" in page
    assert not AlertChannel.objects.exists()


def test_a_webhook_shows_its_key_once(site: Client, desk: Desk, listener: Listener) -> None:
    answer = site.post("/settings/notifications/new/webhook/", filled(to_target=f"{listener.url}/hook"))
    assert "whs_" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    made = AlertChannel.objects.get()
    assert "whs_" not in site.get(f"/settings/notifications/{made.pk}/").content.decode()


def test_a_test_is_sent_and_its_outcome_shown(site: Client, desk: Desk, listener: Listener) -> None:
    made = webhook(desk, listener)
    assert "Not tried" in site.get("/settings/notifications/").content.decode()
    site.post(f"/settings/notifications/{made.pk}/test/")
    assert "Test on its way" in site.get("/settings/notifications/").content.decode()
    assert deliver_one(now=now())
    page = site.get("/settings/notifications/").content.decode()
    assert "Test: sent" in page and "answered 200" in page and "Works" in page
    assert "Test of the channel hook" in site.get("/settings/notifications/deliveries/").content.decode()
    listener.answers = [404]
    site.post(f"/settings/notifications/{made.pk}/test/")
    assert deliver_one(now=now())
    page = site.get("/settings/notifications/").content.decode()
    assert "Test: failed" in page and "404" in page and "Fails" in page
    for _ in range(4):
        answer = site.post(f"/settings/notifications/{made.pk}/test/", follow=True)
    assert "5 tests in five minutes are enough" in answer.content.decode()


def test_editing_keeps_the_target_unless_it_is_written_anew(site: Client, desk: Desk, listener: Listener) -> None:
    made = webhook(desk, listener)
    before = keeping.target_of(made)
    page = site.get(f"/settings/notifications/{made.pk}/").content.decode()
    assert "/secret/path" not in page
    changes = filled(name="renamed", quiet_from="22:00", quiet_until="07:00", repeat_minutes="15", to_target="")
    site.post(f"/settings/notifications/{made.pk}/", {**changes, "loud-default": "silent"})
    made.refresh_from_db()
    assert (made.name, made.repeat_minutes, f"{made.quiet_from:%H:%M}") == ("renamed", 15, "22:00")
    assert made.verbosity == {"default": "silent"}
    assert keeping.target_of(made) == before
    site.post(f"/settings/notifications/{made.pk}/", filled(name="renamed", to_target=f"{listener.url}/new"))
    assert keeping.target_of(made)["url"].endswith("/new")
    made.refresh_from_db()
    assert made.quiet_from is None and made.repeat_minutes is None


def test_off_on_and_gone(site: Client, desk: Desk, listener: Listener) -> None:
    made = webhook(desk, listener)
    site.post(f"/settings/notifications/{made.pk}/disable/")
    made.refresh_from_db()
    assert not made.enabled
    site.post(f"/settings/notifications/{made.pk}/enable/")
    made.refresh_from_db()
    assert made.enabled
    site.post(f"/settings/notifications/{made.pk}/delete/")
    assert not AlertChannel.objects.exists()


def test_the_log_is_filtered(site: Client, desk: Desk, listener: Listener) -> None:
    first, second = webhook(desk, listener, "first"), webhook(desk, listener, "second")
    raise_alert(user_id=desk.user.pk, kind="note", title="Hello", now=now(), dedupe_key="x")
    Delivery.objects.filter(channel=second).update(state="suppressed", reason="off", next_try_at=None)

    def found(**query: Any) -> list[str]:
        rows = site.get("/settings/notifications/deliveries/", query).context["rows"]
        return sorted(row.delivery.channel.name for row in rows)

    assert found() == ["first", "second"]
    assert found(state="suppressed") == ["second"]
    assert found(channel=str(first.pk)) == ["first"]
    assert "switched off for this kind" in site.get("/settings/notifications/deliveries/").content.decode()


def test_channels_of_somebody_else_do_not_exist(site: Client, desk: Desk, other: Desk, listener: Listener) -> None:
    made = webhook(desk, listener)
    stranger = signed_in(other)
    path = f"/settings/notifications/{made.pk}/"
    assert stranger.get(path).status_code == 404
    for verb in ("test", "disable", "enable", "delete"):
        assert stranger.post(f"{path}{verb}/").status_code == 404
    assert stranger.get("/settings/notifications/").context["channels"] == []
    assert not stranger.get("/settings/notifications/deliveries/", {"channel": str(made.pk)}).context["rows"]
    assert AlertChannel.objects.filter(pk=made.pk, enabled=True).exists()
