"""Asking to be told, being told, channels, tokens; and that a second user sees nothing of the first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from alerts.channels.delivering import deliver_one
from alerts.models import AlertConfig
from alerts.raising import raise_alert
from common.clock import now
from portfolios.goals.changing import create_goal
from tests.browser.conftest import Complaints, Server, sign_in
from tests.browser.furnishing.rules import live_a_little
from tests.browser.furnishing.settings import asked, channels
from tests.fakes.listener import listening
from tests.orders.making import Desk, open_desk

Domain = Callable[..., Any]


def go(page: Page, server: Server, path: str) -> None:
    page.goto(server.url + path)
    page.wait_for_selector(".connection[data-state=live]")


def test_an_alert_arrives_in_the_feed_and_the_counter_follows(
    site: Page, desk: Desk, domain: Domain, server: Server
) -> None:
    go(site, server, "/alerts/")
    site.evaluate("window.sameDocument = true")
    first = {"user_id": desk.user.pk, "kind": "note", "now": now()}
    domain(raise_alert, title="The tide is turning", dedupe_key="one", body="Look outside.", **first)
    expect(site.locator("#alerts .headline", has_text="The tide is turning")).to_be_visible()
    expect(site.locator(".side .count")).to_have_text("1")
    details = site.locator("#alerts li", has_text="The tide is turning").locator("details")
    details.locator("summary").click()
    expect(details.get_by_text("this site only")).to_be_visible()
    domain(raise_alert, title="And again", dedupe_key="two", **first)
    expect(site.locator("#alerts .headline", has_text="And again")).to_be_visible()
    expect(site.locator(".side .count")).to_have_text("2")
    expect(details.get_by_text("this site only")).to_be_visible()  # what was opened stays open
    site.get_by_role("button", name="Acknowledge And again").click()
    expect(site.locator(".side .count")).to_have_text("1")
    assert site.evaluate("window.sameDocument")
    site.get_by_role("button", name="Acknowledge all").click()
    expect(site.locator(".side .count")).to_be_hidden()


def test_asking_to_be_told(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    go(site, server, "/alerts/asked/")
    site.get_by_role("link", name="a price moves 5 % in a day").click()
    sentence = site.locator("#sentence")
    expect(sentence).to_contain_text("Still missing")
    site.get_by_label("Symbol").first.fill("aapl")
    expect(sentence).to_contain_text("Tell me when AAPL moves 5 % from the previous close.")
    expect(site.get_by_label("Which way")).to_be_visible()
    site.get_by_label("Its price").select_option("above")
    expect(site.get_by_label("Which way")).to_be_hidden()
    site.get_by_label("Level, $ or %").fill("104")
    expect(sentence).to_contain_text("at or above $104")
    expect(sentence).to_contain_text("$4.00 (4.00%)")
    site.get_by_role("button", name="Tell me").click()
    row = site.locator("#asked tbody tr")
    expect(row).to_contain_text("Watching")
    row.get_by_role("button", name="Switch off").click()
    expect(row).to_contain_text("Off")
    config = domain(AlertConfig.objects.get, user=desk.user)
    assert config.condition["above"] == "104" and not config.enabled


def test_a_channel_is_added_and_tested(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    with listening() as listener:
        go(site, server, "/settings/notifications/")
        site.locator(".services").get_by_role("link", name="Webhook").click()
        site.get_by_label("What you call it").fill("My program")
        site.get_by_label("Address").fill(f"{listener.url}/hook")
        site.get_by_label("An order filled: Digest").check()
        site.get_by_role("button", name="Add the channel").click()
        expect(site.get_by_label("Signing key")).to_have_value(re.compile("^whs_"))
        site.get_by_role("link", name="I have copied it").click()
        channel = site.locator("#channels li")
        expect(channel).to_contain_text("Not tried")
        channel.get_by_role("button", name="Test My program").click()
        expect(channel).to_contain_text("Test on its way")
        site.wait_for_selector(".connection[data-state=live]")
        while domain(deliver_one, now=now()):  # other tests left some, too
            pass
        expect(channel).to_contain_text("Test: sent")  # without a reload
        expect(channel).to_contain_text("answered 200")
        assert len(listener.requests) == 1
        assert listener.requests[0].headers["Puffling-Signature"].startswith("v1=")


def test_a_token_is_made_shown_once_and_revoked(site: Page, server: Server) -> None:
    go(site, server, "/settings/tokens/")
    site.get_by_label("What is it for?").fill("notebook")
    site.get_by_role("button", name="Make the token").click()
    field = site.get_by_label("notebook")
    expect(field).to_have_value(re.compile("^pfl_"))
    secret = field.input_value()
    site.get_by_role("button", name="Copy").first.click()
    expect(site.get_by_role("button", name="Copied")).to_be_visible()
    headers = {"Authorization": f"Token {secret}"}
    assert site.request.get(f"{server.url}/api/auth/tokens/", headers=headers).ok
    site.get_by_role("link", name="I have copied it").click()
    assert secret not in site.content()
    site.on("dialog", lambda dialog: dialog.accept())
    site.get_by_role("button", name="Revoke notebook").click()
    expect(site.get_by_text("The token is revoked")).to_be_visible()
    expect(site.get_by_text("No tokens")).to_be_visible()


PAGES = (
    "/", "/actions/", "/orders/", "/portfolio/", "/alerts/", "/alerts/asked/", "/safety/", "/safety/audit/",
    "/settings/", "/settings/broker/", "/settings/ai/", "/settings/tokens/", "/settings/notifications/",
    "/settings/notifications/deliveries/", "/settings/data/", "/goals/", "/strategies/", "/agent/",
)  # fmt: skip


def a_life(desk: Desk) -> list[str]:
    """Rules, orders, alerts, channels and a goal; returns the addresses of some of them."""
    shown = live_a_little(desk)
    phone, config = channels(desk), asked(desk)
    weights = {"name": "Adas secret goal", "target_weights": {"AAPL": "1"}}
    create_goal(user=desk.user, data=weights, now=now(), actor="ada")
    order = desk.portfolio.orders.first()
    assert order is not None
    return [
        f"/actions/{shown.pk}/",
        f"/actions/{shown.pk}/edit/",
        f"/actions/{shown.pk}/history/",
        f"/orders/{order.pk}/",
        f"/portfolio/?portfolio={desk.portfolio.pk}",
        f"/alerts/asked/{config.pk}/",
        f"/settings/notifications/{phone.pk}/",
        f"/api/actions/{shown.pk}/",
        f"/api/orders/{order.pk}/",
    ]


def test_a_second_user_sees_nothing_of_the_first(
    page: Page, desk: Desk, domain: Domain, server: Server, complaints: Complaints
) -> None:
    complaints.expected.append("404 (Not Found)")
    theirs = domain(a_life, desk)
    other = domain(open_desk, "the second user", now=now())
    sign_in(page, server, other)
    leaks = []
    for path in PAGES:
        answer = page.request.get(server.url + path)
        text = answer.text()
        if answer.status == 404:
            continue  # a part of the site that is not there
        assert answer.ok, path
        for mark in ("Protect the gain", "A fill happened", "My phone", "Time to look", "Adas secret", "5,000 MSFT"):
            if mark in text:
                leaks.append((path, mark))
    assert not leaks
    assert [path for path in theirs if page.request.get(server.url + path).status != 404] == []
    page.goto(server.url + theirs[0])
    expect(page.locator("h1")).to_be_visible()
    assert "Protect the gain" not in page.content()
