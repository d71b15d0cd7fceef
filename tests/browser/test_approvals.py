"""An order that waits appears by itself, says what changed and how long it waits, and is decided with one click."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from playwright.sync_api import Page, expect

from common.clock import now
from orders.expiring import expire
from orders.models import Order
from orders.placing import place
from safety.models import SafetyPolicy
from tests.browser.conftest import Server
from tests.orders.making import Desk, quote

Domain = Callable[..., Any]
LEFT = re.compile(r"^1[45]:\d\d left$")


def wait_for_a_person(desk: Desk) -> Order:
    """A large order of a rule."""
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=Decimal("0.5"))
    return place(desk.intent(), now=now())


def test_it_appears_by_itself_and_is_approved(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    site.goto(f"{server.url}/orders/")
    site.wait_for_selector(".connection[data-state=live]")
    order = domain(wait_for_a_person, desk)
    card = site.locator("section.waiting")
    expect(card).to_contain_text("Approve? Buy 10")
    expect(card.locator(".pill")).to_have_text(LEFT)
    domain(quote, "AAPL", "100.5", at=now())
    site.reload()
    expect(card).to_contain_text("$100.50 (+0.5 %)")
    card.get_by_label("Why").fill("agreed")
    card.get_by_role("button", name="Approve").click()
    expect(site.locator(".notices")).to_contain_text("Approved")
    expect(card).to_have_count(0)
    domain(order.refresh_from_db)
    assert (order.approved_by, order.approval_note) == (desk.user.username[:80], "agreed")


def test_when_its_time_is_over_there_is_nothing_to_click(
    site: Page, desk: Desk, domain: Domain, server: Server
) -> None:
    order = domain(wait_for_a_person, desk)
    domain(Order.objects.filter(pk=order.pk).update, expires_at=now() + timedelta(seconds=4))
    site.goto(f"{server.url}/orders/{order.pk}/")
    card = site.locator("section.waiting")
    expect(card.get_by_role("button", name="Decline")).to_be_visible()
    expect(card.locator(".pill")).to_have_text("expired")
    expect(card.get_by_role("button", name="Decline")).to_be_hidden()


def test_a_limit_is_tried_out_before_it_is_saved(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    domain(place, desk.intent(), now=now())
    site.goto(f"{server.url}/safety/limits/")
    site.get_by_label("Max order notional").fill("0.5")
    site.get_by_role("button", name="Show what would have changed").click()
    expect(site.locator("#what-if")).to_contain_text("1 would have been blocked")
    expect(site.locator("#what-if")).to_contain_text("Buy 10 AAPL")
    site.get_by_role("button", name="Save").click()
    expect(site.locator(".notices")).to_contain_text("Your limits are saved")
    expect(site.get_by_text("Max order notional: 1000 → 0.5")).to_be_visible()


def test_declining_says_so_and_keeps_the_note(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    order = domain(wait_for_a_person, desk)
    site.goto(f"{server.url}/orders/")
    card = site.locator("section.waiting")
    card.get_by_label("Why").fill("not before the news")
    card.get_by_role("button", name="Decline").click()
    expect(site.locator(".notices")).to_contain_text("Declined. The order will not be sent.")
    site.goto(f"{server.url}/orders/{order.pk}/")
    expect(site.locator(".trail")).to_contain_text("not before the news")
    expect(site.locator(".stations .bad")).to_contain_text("it ended here: declined")


def test_an_order_nobody_answered_says_that_nothing_was_sent(
    site: Page, desk: Desk, domain: Domain, server: Server
) -> None:
    order = domain(wait_for_a_person, desk)
    site.goto(f"{server.url}/orders/{order.pk}/")
    site.wait_for_selector(".connection[data-state=live]")
    domain(Order.objects.filter(pk=order.pk).update, expires_at=now() - timedelta(seconds=1))
    domain(expire, now=now())
    expect(site.get_by_text("Its time was over before anybody answered.")).to_be_visible()
    expect(site.get_by_role("button", name="Approve")).to_have_count(0)
