"""The frame around every page: an ended session, failures, long work, the menu and dialogs under the keyboard."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib.sessions.models import Session
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PASSWORD, Complaints, Server
from tests.orders.making import Desk


def test_a_page_whose_session_ended_leads_to_the_sign_in_and_back(
    site: Page, desk: Desk, domain: Callable[..., Any], server: Server, complaints: Complaints
) -> None:
    complaints.expected += ["401", "403", "WebSocket connection to"]
    site.goto(f"{server.url}/safety/limits/")
    site.wait_for_selector(".connection[data-state=live]")
    domain(Session.objects.all().delete)
    site.get_by_label("Max order notional").fill("0.5")
    site.get_by_role("button", name="Show what would have changed").click()
    dialog = site.get_by_role("dialog", name="You are signed out")
    expect(dialog).to_be_visible()
    expect(site.locator("#what-if")).not_to_contain_text("Username")
    dialog.get_by_role("link", name="Sign in again").click()
    expect(site.get_by_text("Your session had ended")).to_be_visible()
    site.get_by_label("Username").fill(desk.user.username)
    site.get_by_label("Password").fill(PASSWORD)
    site.get_by_role("button", name="Sign in").click()
    expect(site.locator("h1")).to_contain_text("Limits")


def test_a_form_sent_too_late_leads_back_to_its_page(
    site: Page, desk: Desk, domain: Callable[..., Any], server: Server, complaints: Complaints
) -> None:
    complaints.expected += ["401", "403", "WebSocket connection to"]
    site.goto(f"{server.url}/safety/")
    domain(Session.objects.all().delete)
    site.evaluate("document.querySelector('form[action$=\"/safety/state/\"]').submit()")
    site.get_by_label("Username").fill(desk.user.username)
    site.get_by_label("Password").fill(PASSWORD)
    site.get_by_role("button", name="Sign in").click()
    expect(site.locator("h1")).to_have_text("Safety")


def test_a_failure_is_said_and_nothing_is_swapped(site: Page, server: Server, complaints: Complaints) -> None:
    complaints.expected.append("500")
    site.goto(f"{server.url}/safety/limits/")
    site.route("**/safety/what-if/", lambda route: route.fulfill(status=500, body="<h1>broken</h1>"))
    site.get_by_role("button", name="Show what would have changed").click()
    trouble = site.get_by_role("alert").filter(has_text="Something broke on the server")
    expect(trouble).to_be_visible()
    expect(site.locator("#what-if")).not_to_contain_text("broken")
    trouble.get_by_role("button", name="Close").click()
    expect(trouble).to_be_hidden()


def test_long_work_shows_a_line(site: Page, server: Server) -> None:
    def slowly(route: Route) -> None:
        time.sleep(0.8)
        route.continue_()

    site.goto(f"{server.url}/safety/limits/")
    site.route("**/safety/what-if/", slowly)
    site.get_by_role("button", name="Show what would have changed").click()
    expect(site.locator("#working")).to_be_visible()
    expect(site.locator("#what-if")).to_contain_text("No limit differs")
    expect(site.locator("#working")).to_be_hidden()


def test_escape_closes_and_the_focus_returns(site: Page) -> None:
    opener = site.get_by_role("link", name="Kill switch")
    opener.press("Enter")
    expect(site.get_by_role("dialog")).to_be_visible()
    site.keyboard.press("Escape")
    expect(site.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()
    site.set_viewport_size({"width": 390, "height": 800})
    site.get_by_label("Menu").press("Enter")
    expect(site.locator(".menu nav")).to_be_visible()
    site.keyboard.press("Escape")
    expect(site.locator(".menu nav")).to_be_hidden()
    expect(site.get_by_label("Menu")).to_be_focused()


def test_every_entry_of_the_menu_can_be_reached_at_900_pixels(site: Page) -> None:
    site.set_viewport_size({"width": 1280, "height": 900})
    for entry in site.locator(".side .nav a").all():
        expect(entry).to_be_in_viewport(ratio=1)
