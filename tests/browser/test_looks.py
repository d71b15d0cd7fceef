"""Every page at three widths in both themes: nothing sticks out, text can be read, and a picture is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Complaints, Server, sign_in
from tests.browser.furnishing import furnish
from tests.browser.looking import look_at
from tests.orders.making import Desk


def test_every_page(
    browser: Browser, server: Server, desk: Desk, domain: Callable[..., Any], complaints: Complaints
) -> None:
    """Each page is loaded once and looked at in six ways: what a person does who turns the phone or the theme."""
    complaints.expected.append("503")  # the monitoring page asks /readyz, and no worker runs here
    looks = domain(furnish, desk)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = context.new_page()
    complaints.watch(page)
    page.goto(f"{server.url}/login/")
    wrong = look_at(page, "login")
    sign_in(page, server, desk)
    for look in looks:
        page.goto(server.url + look.path)
        page.wait_for_selector(".connection[data-state=live]")
        if look.ready:
            page.wait_for_selector(look.ready)
        wrong += look_at(page, look.file)
    context.close()
    assert not wrong, "\n".join(wrong)


def test_the_theme_is_remembered(site: Page) -> None:
    before = site.evaluate("getComputedStyle(document.body).backgroundColor")
    site.locator(".side").get_by_role("button", name="Light or dark").click()
    after = site.evaluate("getComputedStyle(document.body).backgroundColor")
    assert after != before
    site.reload()
    assert site.evaluate("getComputedStyle(document.body).backgroundColor") == after


def test_the_keyboard_is_enough(site: Page, server: Server) -> None:
    site.goto(f"{server.url}/actions/")
    site.keyboard.press("Tab")
    expect(site.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(site.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    site.keyboard.press("Tab")
    outline = site.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus must be visible"


def test_the_menu_of_small_screens(site: Page) -> None:
    site.set_viewport_size({"width": 390, "height": 800})
    expect(site.locator(".menu nav")).to_be_hidden()
    site.get_by_label("Menu").click()
    site.locator(".menu").get_by_role("link", name="Orders").click()
    expect(site.locator("h1")).to_have_text("Orders & approvals")
