"""Templates, files, evidence and versions, as a person meets them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from automation import lifecycle
from automation.models import Action
from common.clock import now
from portfolios.ledger import open_position
from tests.automation.proving import fire_in_shadow
from tests.browser.conftest import Server
from tests.dashboard.making import rule
from tests.orders.making import D, Desk

Domain = Callable[..., Any]


def hold(desk: Desk) -> None:
    open_position(portfolio=desk.portfolio, symbol="AAPL", quantity=D(30), price=D(90), at=now(), now=now())


def test_a_template_shows_its_rules_and_makes_them(site: Page, server: Server, desk: Desk, domain: Domain) -> None:
    domain(hold, desk)
    site.goto(f"{server.url}/actions/")
    site.get_by_role("link", name="Templates").click()
    site.get_by_role("link", name="Fill in Take-profit ladder").click()
    site.get_by_label("Symbol", exact=True).fill("aapl")
    site.get_by_role("button", name="Show the rules").click()
    expect(site.get_by_text("Sell 10 AAPL when AAPL is at or above $115.")).to_be_visible()
    site.get_by_role("button", name="Make 3 rules").click()
    expect(site.get_by_text("3 rules are made.")).to_be_visible()
    expect(site.locator("#action-rows tbody tr")).to_have_count(3)


def test_rules_go_out_as_a_file_and_come_back(
    site: Page, server: Server, desk: Desk, domain: Domain, tmp_path: Path
) -> None:
    domain(rule, desk, name="Low one")
    site.goto(f"{server.url}/actions/file/")
    with site.expect_download() as download:
        site.get_by_role("link", name="Export as YAML").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    text = path.read_text()
    assert "name: Low one" in text
    site.get_by_label("or its text").fill(text.replace("Low one", "Another").replace("'90'", "'80'"))
    site.get_by_role("button", name="Show what would be made").click()
    expect(site.get_by_role("heading", name="1 rule would be made")).to_be_visible()
    site.get_by_role("button", name="Make it").click()
    expect(site.get_by_text("1 rule imported.")).to_be_visible()
    expect(site.get_by_text("Another", exact=True)).to_be_visible()


def test_a_rule_shows_its_evidence_and_is_promoted_with_a_reason(
    site: Page, server: Server, desk: Desk, domain: Domain
) -> None:
    action = domain(rule, desk, mode="monitor", max_executions=None)
    domain(fire_in_shadow, action, "90", hours=0)
    site.goto(f"{server.url}/actions/{action.pk}/")
    expect(site.get_by_text("+$99.00").first).to_be_visible()
    site.get_by_text("Let it trade on its own, against the evidence").click()
    expect(site.get_by_text("1 of at least 3 shadow trades")).to_be_visible()
    site.get_by_label("Your reason").fill("I have watched it by eye")
    site.get_by_role("button", name="Let it trade anyway").click()
    expect(site.get_by_text("The rule trades on its own now")).to_be_visible()
    assert domain(lambda: Action.objects.get(pk=action.pk).mode) == "auto"


def test_an_earlier_version_is_one_click_away(site: Page, server: Server, desk: Desk, domain: Domain) -> None:
    action = domain(rule, desk)
    changes = {"trigger_params": {"threshold": "85"}}
    domain(lifecycle.update_action, user=desk.user, action_id=action.pk, changes=changes, now=now(), actor="bea")
    site.goto(f"{server.url}/actions/{action.pk}/")
    site.get_by_text("What it said").click()
    site.once("dialog", lambda dialog: dialog.accept())
    site.get_by_role("button", name="Go back to this").click()
    expect(site.locator("h1")).to_have_text("Buy 10 AAPL when AAPL is at or below $90.")
    expect(site.get_by_text("Back to version 1.")).to_be_visible()
