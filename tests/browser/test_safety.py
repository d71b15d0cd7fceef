"""One portfolio is stopped and resumed by itself; a limit is moved and shows at once what it would have meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from common.clock import now
from orders.placing import place
from tests.browser.conftest import Server
from tests.orders.making import Desk


def test_one_portfolio_is_stopped_and_resumed(site: Page, server: Server) -> None:
    site.goto(f"{server.url}/safety/")
    main = site.locator(".switches li", has=site.get_by_text("Main", exact=True))
    main.get_by_role("link", name="Stop").click()
    expect(site.locator("h1")).to_have_text("Stop Main?")
    site.locator("main").get_by_label("Why").fill("a strange fill")
    site.get_by_role("button", name="Stop it").click()
    expect(site.locator(".notices")).to_contain_text("Main is stopped. Verified in")
    expect(main).to_contain_text("a strange fill")
    expect(site.locator(".banner")).to_have_count(0)
    main.get_by_label("Type RESUME").fill("RESUME")
    main.get_by_role("button", name="Resume").click()
    expect(site.locator(".notices")).to_contain_text("Trading is on again")
    expect(main).to_contain_text("Active")


def test_a_slider_shows_at_once_what_would_have_been(
    site: Page, desk: Desk, domain: Callable[..., Any], server: Server
) -> None:
    domain(place, desk.intent(), now=now())
    site.goto(f"{server.url}/safety/limits/")
    field = site.locator(".limit-field", has=site.get_by_label("Max order notional, %", exact=True))
    field.get_by_label("Max order notional, %", exact=True).fill("0.5")
    field.get_by_label("Max order notional, %", exact=True).blur()
    expect(field).to_have_class("limit-field changed")
    expect(site.locator("#what-if")).to_contain_text("1 would have been blocked")
    expect(site.locator("#what-if")).to_contain_text("Buy 10 AAPL")
