"""The number of queries of the pages of alerts and settings does not depend on the number of rows."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client

from accounts.tokens import create_token, revoke_token
from alerts.channels import keeping
from alerts.raising import raise_alert
from automation.hooks import keeping as hooks
from common.clock import now
from tests.alerts.making import config
from tests.dashboard.making import rule
from tests.dashboard.test_queries import queries
from tests.orders.making import Desk

# The most a page may ask, session, user and frame included.
MOST = {
    "/alerts/": 14,
    "/alerts/asked/": 15,
    "/settings/": 8,
    "/settings/broker/": 12,
    "/settings/ai/": 10,
    "/settings/tokens/": 12,
    "/settings/notifications/": 12,
    "/settings/notifications/deliveries/": 12,
    "/settings/data/": 10,
}


def fill(desk: Desk, count: int, first: int) -> None:
    """More of everything."""
    at = now()
    for number in range(first, first + count):
        name = f"n{number}"
        data = {"name": name, "kind": "webhook", "target": "https://example.com/hook"}
        channel, _ = keeping.create(user=desk.user, data=data, now=at)
        keeping.send_test(user=desk.user, channel_id=channel.pk, now=at)
        config(desk.user, {"symbol": ("AAPL", "MSFT")[number % 2], "above": str(110 + number)}, now=at)
        config(desk.user, {"drawdown_pct": "10"}, alert_type="risk", now=at)
        raise_alert(user_id=desk.user.pk, kind="note", title=name, now=at, dedupe_key=name)
        for suffix in ("", " ended"):
            token, _ = create_token(user=desk.user, name=name + suffix, scopes=["read"], now=at)
        revoke_token(user=desk.user, token_id=token.pk, now=at)
        hooked = rule(desk, action_type="NOTIFY", quantity=None, trigger_type="webhook", trigger_params={})
        hooks.generate(user=desk.user, action_id=hooked.pk, signed=False, now=at)


@pytest.mark.parametrize("path", MOST)
def test_queries_do_not_grow_with_rows(site: Client, desk: Desk, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, field_keys=(key,)))
    fill(desk, 2, first=0)
    site.get(path)  # caches and the user's policy row
    few = queries(site, path)
    fill(desk, 6, first=2)
    many = queries(site, path)
    assert many == few
    assert many <= MOST[path]
