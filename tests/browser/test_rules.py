"""A person makes a rule, gets it wrong, changes their mind."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Complaints, Server


def fill_in(page: Page, **fields: str) -> None:
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)


def make_rule(page: Page, server: Server, price: str = "90") -> None:
    page.goto(f"{server.url}/actions/new/")
    fill_in(page, Symbol="AAPL", How_much="10")
    page.locator("#id_price_below-threshold").fill(price)
    expect(page.locator("#preview")).to_contain_text("Buy 10 AAPL when AAPL is at or below")
    page.get_by_role("button", name="Create rule").click()
    expect(page.locator("h1")).to_have_text(f"Buy 10 AAPL when AAPL is at or below ${price}.")


def test_a_rule_is_read_back_and_made(site: Page, server: Server) -> None:
    make_rule(site, server)
    expect(site.get_by_text("The rule is made and watched from now on.")).to_be_visible()
    expect(site.locator("#standing")).to_contain_text("10.00%")


def test_the_preview_warns_before_it_is_too_late(site: Page, server: Server) -> None:
    site.goto(f"{server.url}/actions/new/")
    fill_in(site, Symbol="AAPL", How_much="10")
    site.locator("#id_price_below-threshold").fill("120")
    expect(site.locator("#preview")).to_contain_text("Already true: fires at once")


def test_refusals_stand_beside_their_fields(site: Page, server: Server, complaints: Complaints) -> None:
    complaints.expected.append("422")
    site.goto(f"{server.url}/actions/new/")
    fill_in(site, Symbol="AAPLE", How_much="lots")
    site.get_by_role("button", name="Create rule").click()
    expect(site.get_by_role("alert").filter(has_text="Not saved")).to_be_visible()
    expect(site.locator(".field.invalid", has=site.get_by_label("Symbol"))).to_contain_text("did you mean AAPL")
    expect(site.locator(".field.invalid", has=site.get_by_label("How much"))).to_contain_text("is not a number")
    expect(site.locator("fieldset.chosen .field.invalid")).to_contain_text("is required")
    expect(site.get_by_label("Symbol")).to_have_value("AAPLE")


def test_the_form_shows_what_belongs_to_the_choice(site: Page, server: Server) -> None:
    site.goto(f"{server.url}/actions/new/")
    expect(site.locator("#id_price_below-threshold")).to_be_visible()
    expect(site.locator("#id_trailing_stop-percent")).to_be_hidden()
    site.get_by_label("When", exact=True).select_option("trailing_stop")
    expect(site.locator("#id_trailing_stop-percent")).to_be_visible()
    expect(site.locator("#id_price_below-threshold")).to_be_hidden()
    expect(site.get_by_label("Stop price")).to_be_hidden()
    site.get_by_label("Order type").select_option("stop_limit")
    expect(site.get_by_label("Stop price")).to_be_visible()
    expect(site.get_by_label("Limit price")).to_be_visible()
    site.get_by_label("Do", exact=True).select_option("NOTIFY")
    expect(site.get_by_label("Message")).to_be_visible()
    expect(site.get_by_label("Stop price")).to_be_hidden()


def test_pause_resume_cancel(site: Page, server: Server) -> None:
    make_rule(site, server)
    site.goto(f"{server.url}/actions/")
    row = site.locator("#action-rows tbody tr")
    row.get_by_role("button", name="Pause").click()
    expect(row.locator(".pill").first).to_have_text("Paused")
    row.get_by_role("button", name="Resume").click()
    expect(row.locator(".pill").first).to_have_text("Active")
    site.once("dialog", lambda dialog: dialog.dismiss())
    row.get_by_role("button", name="Cancel rule").click()
    expect(row.locator(".pill").first).to_have_text("Active")
    site.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Cancel rule").click()
    expect(site.get_by_text("Cancelled. It stays in the history.")).to_be_visible()
    expect(site.get_by_text("No rules yet")).to_be_visible()


def test_bulk_pause(site: Page, server: Server) -> None:
    make_rule(site, server, "90")
    make_rule(site, server, "80")
    site.goto(f"{server.url}/actions/")
    button = site.get_by_role("button", name="Pause selected")
    expect(button).to_be_disabled()
    site.get_by_label("Select every rule on this page").check()
    expect(site.get_by_text("2 selected")).to_be_visible()
    button.click()
    expect(site.get_by_text("2 rules paused.")).to_be_visible()
    expect(site.locator(".pill", has_text="Paused")).to_have_count(2)


def test_what_if(site: Page, server: Server) -> None:
    make_rule(site, server)
    site.get_by_label("Price, $").fill("89.50")
    site.get_by_role("button", name="Try it").click()
    expect(site.locator("#what-if")).to_contain_text("It would fire")
    expect(site.locator("#what-if")).to_contain_text("Queued")


def test_edit_makes_a_version(site: Page, server: Server) -> None:
    make_rule(site, server)
    site.get_by_role("link", name="Edit").click()
    expect(site.get_by_label("Symbol")).to_have_value("AAPL")
    site.get_by_label("How much").fill("7")
    site.get_by_role("button", name="Save changes").click()
    expect(site.locator("h1")).to_contain_text("Buy 7 AAPL")
    expect(site.get_by_text("Version 2")).to_be_visible()


def test_conditions_come_change_and_go(site: Page, server: Server) -> None:
    site.goto(f"{server.url}/actions/new/")
    fill_in(site, Symbol="AAPL", How_much="10")
    site.locator("#id_price_below-threshold").fill("90")
    site.locator("#id_price_below-for_seconds").fill("300")
    for _ in range(2):
        site.get_by_role("button", name="Add a condition").click()
    first, second = site.locator("#condition-0"), site.locator("#condition-1")
    first.locator("#id_condition-0-rsi_below-threshold").fill("30")
    second.get_by_label("Only if").select_option("change_pct")
    second.get_by_label("Change, %").fill("2")
    second.get_by_label("Of", exact=True).fill("MSFT")
    preview = site.locator("#preview")
    expect(preview).to_contain_text("stays so for 5 min")
    expect(preview).to_contain_text("MSFT")
    second.get_by_role("button", name="Remove this condition").click()
    expect(preview).not_to_contain_text("MSFT")
    site.get_by_role("button", name="Create rule").click()
    expect(site.locator("h1")).to_contain_text("stays so for 5 min")
    expect(site.locator("h1")).to_contain_text("RSI")
