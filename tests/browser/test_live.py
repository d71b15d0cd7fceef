"""What happens elsewhere appears without a reload; a cut is shown, and what was missed is fetched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from alerts.raising import raise_alert
from automation import lifecycle
from common.clock import now
from portfolios.ledger import open_position
from tests.browser.conftest import Complaints, Server
from tests.browser.test_rules import make_rule
from tests.orders.making import D, Desk, quote

Domain = Callable[..., Any]


def tell(domain: Domain, desk: Desk, title: str) -> None:
    domain(raise_alert, user_id=desk.user.pk, kind="note", title=title, now=now(), dedupe_key=title)


def test_an_alert_arrives_without_reload(site: Page, desk: Desk, domain: Domain) -> None:
    expect(site.get_by_text("No alerts")).to_be_visible()
    site.evaluate("window.sameDocument = true")
    tell(domain, desk, "The tide is turning")
    expect(site.locator(".list").get_by_text("The tide is turning")).to_be_visible()
    expect(site.locator(".toast").get_by_text("The tide is turning")).to_be_visible()
    expect(site.locator(".side .count")).to_have_text("1")
    assert site.evaluate("window.sameDocument")


def test_markup_in_an_alert_stays_text(site: Page, desk: Desk, domain: Domain) -> None:
    tell(domain, desk, "<img src=x onerror=alert(1)>")
    expect(site.locator(".toast").get_by_text("<img src=x")).to_be_visible()


def test_prices_move_by_themselves(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    moment = now()
    domain(
        open_position, portfolio=desk.portfolio, symbol="TSLA", quantity=D(3), price=D(90), at=moment, now=moment
    )  # fmt: skip
    site.reload()
    cell = site.locator("[data-quote=TSLA]")
    expect(cell).to_have_text("100.00")
    domain(quote, "TSLA", "104.5", at=now())
    expect(cell).to_have_text("104.50")
    expect(site.locator("tr", has=cell)).to_contain_text("$313.50")  # the server's own arithmetic follows


def test_a_firing_shows_on_the_rules_page(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    make_rule(site, server)
    expect(site.locator("#standing")).to_contain_text("0 of 1")
    action = domain(desk.user.actions.get)
    domain(lifecycle.execute_now, user=desk.user, action_id=action.pk, now=now(), actor="another page")
    expect(site.locator("#standing")).to_contain_text("1 of 1")
    expect(site.locator("#executions")).to_contain_text("by hand")


def test_a_cut_is_shown_and_what_was_missed_is_fetched(
    site: Page, desk: Desk, domain: Domain, server: Server, complaints: Complaints
) -> None:
    complaints.expected += [
        "WebSocket connection to",
        "ERR_CONNECTION_REFUSED",
        "ERR_EMPTY_RESPONSE",
        "ERR_CONNECTION_RESET",
        "Failed to fetch",  # htmx, when a part of the page was on its way
    ]
    make_rule(site, server)
    connection = site.locator(".connection")
    expect(connection).to_have_text("live")
    execute = site.get_by_role("button", name="Execute now")
    expect(execute).to_be_enabled()
    server.stop()
    try:
        expect(connection).to_contain_text("stale since")
        expect(execute).to_be_disabled()
        expect(site.locator(".button.kill")).to_be_enabled()
        tell(domain, desk, "Raised while the page was cut off")
    finally:
        server.start()
    expect(connection).to_have_text("live", timeout=20_000)
    expect(execute).to_be_enabled()
    expect(site.locator(".toast").get_by_text("Raised while the page was cut off")).to_be_visible()


def test_another_pages_kill_shows_here(site: Page, server: Server) -> None:
    second = site.context.new_page()
    second.goto(server.url)
    second.wait_for_selector(".connection[data-state=live]")
    kill(site)
    expect(second.get_by_text("Kill switch is on")).to_be_visible()
    expect(second.locator(".button.kill")).to_be_hidden()


def kill(page: Page) -> None:
    page.get_by_role("link", name="Kill switch").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Why").fill("strange prices")
    dialog.get_by_role("button", name="Stop everything").click()


def test_kill_and_resume(site: Page) -> None:
    site.get_by_role("link", name="Kill switch").click()
    site.keyboard.press("Escape")
    expect(site.get_by_role("dialog")).to_be_hidden()
    kill(site)
    banner = site.locator(".banner")
    expect(banner).to_contain_text("Nothing is sent to the broker")
    expect(banner).to_contain_text("strange prices")
    expect(site.get_by_text("Everything is stopped. Verified in")).to_be_visible()
    banner.get_by_role("textbox").fill("resume")
    banner.get_by_role("button", name="Resume").click()
    expect(site.get_by_text("type RESUME to trade again")).to_be_visible()
    banner.get_by_role("textbox").fill("RESUME")
    banner.get_by_role("button", name="Resume").click()
    expect(site.get_by_text("Trading is on again")).to_be_visible()
    expect(banner).to_be_hidden()
