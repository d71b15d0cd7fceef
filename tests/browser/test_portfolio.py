"""The overview and the portfolio's pages as a person uses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from common.clock import now
from portfolios.ledger import book_fills
from portfolios.types import FillBooking
from tests.browser.conftest import Complaints, Server
from tests.browser.furnishing import portfolio
from tests.orders.making import D, Desk, quote

Domain = Callable[..., Any]
HISTORY = b"date,type,symbol,quantity,price,amount\n2026-01-05,deposit,,,,5000\n2026-01-06,buy,MSFT,10,90,\n"


def filled(desk: Desk) -> None:
    """Ten shares bought at $90 that are worth $100, told as every fill is: with the prices that follow."""
    moment = now()
    fill = FillBooking(source_id="walk", symbol="TSLA", side="buy", quantity=D(10), price=D(90), at=moment)
    book_fills(portfolio=desk.portfolio, fills=[fill], now=moment)


def test_a_fill_changes_the_worth_without_reload(site: Page, desk: Desk, domain: Domain) -> None:
    tiles = site.locator(".tiles")
    expect(tiles).to_contain_text("$100,000.00")
    site.evaluate("window.sameDocument = true")
    domain(filled, desk)
    domain(quote, "TSLA", "100.5", at=now())
    site.evaluate("document.body.dispatchEvent(new CustomEvent('puffling-orders', {bubbles: true}))")
    expect(tiles).to_contain_text("$100,105.00")
    expect(site.locator(".legend")).to_contain_text("TSLA")
    assert site.evaluate("window.sameDocument")


def test_a_history_is_imported(site: Page, server: Server, complaints: Complaints) -> None:
    complaints.expected += ["422 (Unprocessable"]  # the answer to a file with a mistake
    site.goto(f"{server.url}/portfolio/import/")
    site.get_by_label("A CSV file").set_input_files(
        {"name": "bad.csv", "mimeType": "text/csv", "buffer": HISTORY.replace(b"deposit", b"gift")}
    )
    site.get_by_role("button", name="Show what would be booked").click()
    expect(site.get_by_role("alert")).to_contain_text("Nothing was booked")
    expect(site.locator("main")).to_contain_text("gift")
    site.get_by_label("A CSV file").set_input_files({"name": "good.csv", "mimeType": "text/csv", "buffer": HISTORY})
    site.get_by_role("button", name="Show what would be booked").click()
    expect(site.locator("h2").first).to_have_text("2 entries would be booked")
    site.get_by_role("button", name="Book them").click()
    expect(site.locator(".notices")).to_contain_text("2 entries were booked. Cash is $104100 now.")
    expect(site.locator("#ledger")).to_contain_text("MSFT")


def test_the_curve_changes_in_place_and_the_sheet_can_be_kept(
    site: Page, server: Server, desk: Desk, domain: Domain
) -> None:
    domain(portfolio.furnish, desk)
    site.goto(server.url)
    site.evaluate("window.sameDocument = true")
    site.get_by_role("link", name="All", exact=True).click()
    expect(site.locator("#equity")).to_contain_text("since the beginning")
    site.get_by_role("link", name="Drawdown").click()
    expect(site.locator("#equity [aria-current]").first).to_have_text("Drawdown")
    site.wait_for_selector("#equity canvas")
    assert site.evaluate("window.sameDocument")
    site.goto(f"{server.url}/portfolio/performance/")
    site.wait_for_selector("figure canvas")
    with site.expect_download() as download:
        site.get_by_role("link", name="PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")


def test_tabs_work_by_keyboard(site: Page, server: Server) -> None:
    site.goto(f"{server.url}/portfolio/")
    site.locator(".tabs a[aria-current]").focus()
    site.keyboard.press("Tab")
    expect(site.locator(".tabs").get_by_role("link", name="Lots")).to_be_focused()
    site.keyboard.press("Enter")
    expect(site.locator(".tabs a[aria-current]")).to_have_text("Lots")
    expect(site).to_have_url(f"{server.url}/portfolio/lots/")
