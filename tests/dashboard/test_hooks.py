"""The address of a webhook rule on its page: made, shown once, called, taken away."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
from django.conf import settings
from django.test import Client

from automation.models import Action, ActionHook, HookCall
from tests.dashboard.making import rule, signed_in
from tests.orders.making import Desk, open_desk


def waiting(desk: Desk) -> Action:
    return rule(desk, trigger_type="webhook", trigger_params={})


def test_the_address_is_made_shown_once_and_works(site: Client, desk: Desk) -> None:
    made = waiting(desk)
    page = site.get(f"/actions/{made.pk}/").content.decode()
    assert "This rule has no address yet" in page
    answer = site.post(f"/actions/{made.pk}/hook/")
    shown = answer.content.decode()
    path = re.search(r'value="http://[^/]+(/hooks/[^"]+)"', shown)
    assert path is not None
    assert answer["Cache-Control"] == "no-store"
    again = site.get(f"/actions/{made.pk}/").content.decode()
    assert path[1] not in again, "only a hash is kept"
    assert ActionHook.objects.get(action=made).prefix in again
    assert Client().post(path[1], "go", content_type="text/plain").status_code == 202
    assert HookCall.objects.filter(hook__action=made).count() == 1


def test_a_new_address_ends_the_old_one_and_it_can_be_taken_away(
    site: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = waiting(desk)
    refused = site.post(f"/actions/{made.pk}/hook/", {"signed": "on"}, follow=True).content.decode()
    assert "PUFFLING_FIELD_KEYS is empty" in refused, "a signing key cannot be kept without one of ours"
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, field_keys=(key,)))
    first = re.search(r"/hooks/[^\"]+", site.post(f"/actions/{made.pk}/hook/").content.decode())
    second = re.search(r"/hooks/[^\"]+", site.post(f"/actions/{made.pk}/hook/", {"signed": "on"}).content.decode())
    assert first is not None and second is not None
    assert Client().post(first[0], "go", content_type="text/plain").status_code == 404
    assert ActionHook.objects.get(action=made).signed
    site.post(f"/actions/{made.pk}/hook/remove/")
    assert not ActionHook.objects.exists()


def test_other_rules_have_no_such_card_and_other_people_no_such_rule(site: Client, desk: Desk) -> None:
    assert "Webhook</h2>" not in site.get(f"/actions/{rule(desk).pk}/").content.decode()
    made = waiting(desk)
    other = signed_in(open_desk("eve"))
    assert other.post(f"/actions/{made.pk}/hook/").status_code == 404
    assert other.post(f"/actions/{made.pk}/hook/remove/", follow=True).status_code in (200, 404)
    assert not ActionHook.objects.exists()
