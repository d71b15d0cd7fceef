"""A person makes a rule, gets it wrong, changes their mind."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from playwright.sync_api import Page, expect

from automation.executing import execute_pending
from common.clock import now
from markets.models import Bar
from tests.browser.conftest import Complaints, Server
from tests.orders.making import D


def fill_in(page: Page, **fields: str) -> None:
    for label, value in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(value)


def step(page: Page, name: str) -> None:
    """Go to one of the five steps."""
    page.get_by_role("navigation", name="Steps").get_by_role("link", name=re.compile(rf"^\d {name}")).click()
    expect(page.locator(".step.shown h2")).to_contain_text(name)


def make_rule(page: Page, server: Server, price: str = "90") -> None:
    page.goto(f"{server.url}/actions/new/")
    step(page, "On what")
    fill_in(page, Symbol="AAPL", How_much="10")
    step(page, "When")
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
    step(site, "On what")
    fill_in(site, Symbol="AAPL", How_much="10")
    step(site, "When")
    site.locator("#id_price_below-threshold").fill("120")
    expect(site.locator("#preview")).to_contain_text("Already true: fires at once")


def test_refusals_stand_beside_their_fields(site: Page, server: Server, complaints: Complaints) -> None:
    complaints.expected.append("422")
    site.goto(f"{server.url}/actions/new/")
    step(site, "On what")
    fill_in(site, Symbol="AAPLE", How_much="lots")
    site.get_by_role("button", name="Create rule").click()
    expect(site.get_by_role("alert").filter(has_text="Not saved")).to_be_visible()
    expect(site.locator(".field.invalid", has=site.get_by_label("Symbol"))).to_contain_text("did you mean AAPL")
    expect(site.locator(".field.invalid", has=site.get_by_label("How much"))).to_contain_text("is not a number")
    expect(site.get_by_label("Symbol")).to_have_value("AAPLE")
    expect(site.locator(".steps a.wrong")).to_have_count(2)
    step(site, "When")
    expect(site.locator("fieldset.chosen .field.invalid")).to_contain_text("is required")


def test_the_form_shows_what_belongs_to_the_choice(site: Page, server: Server) -> None:
    site.goto(f"{server.url}/actions/new/#step-trigger")
    expect(site.locator("#id_price_below-threshold")).to_be_visible()
    expect(site.locator("#id_trailing_stop-percent")).to_be_hidden()
    site.get_by_label("When", exact=True).select_option("trailing_stop")
    expect(site.locator("#id_trailing_stop-percent")).to_be_visible()
    expect(site.locator("#id_price_below-threshold")).to_be_hidden()
    step(site, "On what")
    expect(site.get_by_label("Stop price")).to_be_hidden()
    site.get_by_label("Order type").select_option("stop_limit")
    expect(site.get_by_label("Stop price")).to_be_visible()
    expect(site.get_by_label("Limit price")).to_be_visible()
    step(site, "What")
    site.get_by_role("radio", name="Tell me").check()
    step(site, "On what")
    expect(site.get_by_label("Message")).to_be_visible()
    expect(site.get_by_label("Stop price")).to_be_hidden()


def test_five_steps_by_keyboard_to_what_the_gate_would_say(site: Page, server: Server) -> None:
    site.goto(f"{server.url}/actions/new/")
    site.get_by_role("radio", name="Buy").press("Enter")
    expect(site.locator(".step.shown h2")).to_contain_text("On what")
    fill_in(site, Symbol="AAPL", How_much="10")
    site.get_by_label("How much").press("Enter")
    site.locator("#id_price_below-threshold").fill("90")
    site.locator("#id_price_below-threshold").press("Enter")
    expect(site.locator(".step.shown h2")).to_contain_text("Limits")
    site.locator(".step.shown").get_by_role("button", name="Next").press("Enter")
    expect(site.locator("#proof")).to_contain_text("Would be sent")
    expect(site.locator("#proof")).to_contain_text("Buy 10 AAPL at about $100.00")
    site.locator("#proof summary").click()
    expect(site.locator("#proof")).to_contain_text("Kill switch")
    assert site.url.endswith("#step-review")


def give_a_past(domain: Callable[..., Any]) -> None:
    """Forty days between 95 and 105."""
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    bars = [
        Bar(
            instrument_id="AAPL", timeframe="1d", at=today - timedelta(days=n), open=D(100), high=D(105), low=D(95),
            close=D(100), source="test",
        )
        for n in range(1, 41)
    ]  # fmt: skip
    domain(Bar.objects.bulk_create, bars, ignore_conflicts=True)


def test_the_line_is_dragged(site: Page, server: Server, domain: Callable[..., Any]) -> None:
    give_a_past(domain)
    site.goto(f"{server.url}/actions/new/")
    step(site, "On what")
    fill_in(site, Symbol="AAPL", How_much="10")
    step(site, "When")
    line, field = site.get_by_role("slider"), site.locator("#id_price_below-threshold")
    expect(line).to_have_attribute("aria-valuetext", "not set, suggested $97.00")
    line.scroll_into_view_if_needed()
    site.wait_for_timeout(300)  # the chart lays itself out
    box = line.bounding_box()
    assert box is not None
    x, y = box["x"] + 200, box["y"] + box["height"] / 2
    site.mouse.move(x, y)
    site.mouse.down()
    site.mouse.move(x, y + 40, steps=4)
    site.mouse.up()
    dragged = float(field.input_value())
    assert 80 < dragged < 97
    expect(site.locator("#preview")).to_contain_text(f"at or below ${dragged:,.2f}".rstrip("0").rstrip("."))
    line.press("ArrowDown")
    assert float(field.input_value()) == round(dragged - 0.1, 2)
    field.fill("99")
    expect(line).to_have_attribute("aria-valuenow", "99.00")
    expect(site.locator("#preview")).to_contain_text("In the last 12 months (daily bars) it would have fired")
    site.get_by_label("When", exact=True).select_option("trailing_stop")
    line.press("PageUp")
    expect(site.locator("#id_trailing_stop-percent")).to_have_value("7.0")


def test_words_become_a_rule(site: Page, server: Server) -> None:
    site.goto(f"{server.url}/actions/new/")
    site.get_by_label("Describe it in words").fill("Buy AAPL when it falls to 90")
    site.get_by_role("button", name="Read it").click()
    site.get_by_role("button", name="10 shares").click()
    expect(site.locator(".said")).to_contain_text("Buy 10 AAPL when AAPL is at or below $90.")
    site.get_by_role("button", name="Open in the form").click()
    expect(site.get_by_text("From “Buy AAPL when it falls to 90 10 shares”")).to_be_visible()
    step(site, "On what")
    expect(site.get_by_label("Symbol")).to_have_value("AAPL")
    fill_in(site, How_much="7")
    site.get_by_role("button", name="Create rule").click()
    expect(site.locator("h1")).to_have_text("Buy 7 AAPL when AAPL is at or below $90.")


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


def test_execute_now_is_carried_out_and_shown(site: Page, server: Server, domain: Callable[..., Any]) -> None:
    make_rule(site, server)
    site.once("dialog", lambda dialog: dialog.accept())
    site.get_by_role("button", name="Execute now").click()
    executions = site.locator("#executions")
    expect(executions).to_contain_text("by hand")
    site.wait_for_selector(".connection[data-state=live]")
    domain(execute_pending, now=now())
    expect(executions).to_contain_text("Succeeded")  # without a reload
    expect(executions).to_contain_text("10 filled at $100")


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
    step(site, "On what")
    expect(site.get_by_label("Symbol")).to_have_value("AAPL")
    site.get_by_label("How much").fill("7")
    site.get_by_role("button", name="Save changes").click()
    expect(site.locator("h1")).to_contain_text("Buy 7 AAPL")
    expect(site.get_by_text("Version 2")).to_be_visible()


def test_conditions_come_change_and_go(site: Page, server: Server) -> None:
    site.goto(f"{server.url}/actions/new/")
    step(site, "On what")
    fill_in(site, Symbol="AAPL", How_much="10")
    step(site, "When")
    site.locator("#id_price_below-threshold").fill("90")
    site.locator("fieldset.chosen").get_by_text("More about when").click()
    site.locator("#id_price_below-for_seconds").fill("300")
    site.get_by_text("Only if … (conditions)").click()
    for _ in range(2):
        site.get_by_role("button", name="Add a condition").click()
    conditions = site.get_by_role("group", name="Condition")
    expect(conditions).to_have_count(2)
    first, second = conditions.nth(0), conditions.nth(1)
    first.get_by_label("RSI, 0 to 100").fill("30")
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
