"""The guided start, from the first page to a rule that fired on the market, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from automation.models import Action
from common.clock import now
from orders.submitting import submit_waiting
from tests.automation.making import carry_out, see
from tests.browser.conftest import Server
from tests.browser.looking import violations
from tests.orders.making import D, Desk, quote


def reach(desk: Desk) -> None:
    """The price gets there, and the engine does its work."""
    action = Action.objects.get(user=desk.user)
    at = now()
    see(D(action.trigger_params["threshold"]) - D("0.05"), at=at)
    carry_out(now=at)
    submit_waiting(now=at, limit=10)
    carry_out(now=at)


def test_first_start_until_a_rule_fired(site: Page, desk: Desk, domain: Callable[..., Any], server: Server) -> None:
    offer = site.get_by_role("region", name="New here?")
    offer.get_by_role("link", name="Show me").focus()
    site.keyboard.press("Enter")
    expect(site.locator("[aria-current=step]")).to_contain_text("Pick a symbol")
    site.locator(".pick-card", has_text="AAPL").focus()
    site.keyboard.press("Enter")
    site.get_by_role("radio", name="Buy one share, on paper").check()
    expect(site.locator(".offer", has=site.locator(":checked"))).to_contain_text("Buy 1 AAPL when AAPL is at or")
    site.get_by_role("button", name="Arm the rule").press("Enter")
    expect(site.get_by_role("status").filter(has_text="Armed.")).to_be_visible()
    site.wait_for_selector(".connection[data-state=live]")
    site.evaluate("window.sameDocument = true")
    domain(quote, "AAPL", "99.9", at=now())
    expect(site.locator(".guide-gauge")).to_contain_text("$99.90")
    expect(site.locator(".guide-gauge")).to_contain_text("0.10%")
    domain(reach, desk)
    expect(site.get_by_role("status").filter(has_text="It fired, and did what it says.")).to_be_visible()
    trail = site.locator(".trail")
    expect(trail).to_contain_text("The price got there")
    expect(trail).to_contain_text("checks passed")
    expect(trail).to_contain_text("The order filled")
    expect(trail).to_contain_text("You were told")
    expect(site.locator(".toast").first).to_be_visible()
    assert site.evaluate("window.sameDocument")
    assert violations(site) == []
    site.get_by_role("button", name="Go to the overview").click()
    expect(site.locator("h1")).to_have_text("Overview")
    expect(site.get_by_role("region", name="New here?")).to_have_count(0)
