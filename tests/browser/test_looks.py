"""Every page at three widths in both themes: nothing sticks out, text can be read, and a picture is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from alerts.raising import raise_alert
from automation import lifecycle
from common.clock import now
from markets.models import Bar
from orders.placing import place
from portfolios.ledger import open_position
from portfolios.models import EquityPoint
from safety.models import SafetyPolicy
from tests.browser.conftest import ROOT, Complaints, Server, sign_in
from tests.dashboard.making import rule
from tests.orders.making import D, Desk

SCREENS = ROOT / "test-results" / "screens"
PAGES = [
    "/",
    "/actions/",
    "/actions/new/",
    "/orders/",
    "/portfolio/",
    "/alerts/",
    "/safety/",
    "/safety/limits/",
    "/safety/audit/",
    "/monitoring/",
]
# WCAG 1.4.3: 4.5:1, or 3:1 for large text. Walks every visible text and the background it really stands on.
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


def furnish(desk: Desk) -> Any:
    """A portfolio with a life."""
    moment = now()
    for symbol, shares, cost in (("AAPL", 60, "91.20"), ("MSFT", 25, "104"), ("NVDA", 120, "99.5")):
        open_position(
            portfolio=desk.portfolio, symbol=symbol, quantity=D(shares), price=D(cost), at=moment, now=moment
        )  # fmt: skip
    EquityPoint.objects.bulk_create(
        EquityPoint(
            portfolio=desk.portfolio,
            at=moment - timedelta(hours=n),
            equity=D(120_000) + D(n % 17) * 90,
            cash=D(100_000),
        )
        for n in range(1, 400)
    )
    Bar.objects.bulk_create(
        (
            Bar(
                instrument_id="AAPL", timeframe="1m", at=moment.replace(second=0, microsecond=0) - timedelta(minutes=n),
                open=D(100), high=D(101) + n % 3, low=D(97) - n % 2, close=D(100) - n % 3, source="test",
            )
            for n in range(200)
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    shown = rule(desk, max_executions=5)
    rule(desk, action_type="SELL", symbol="NVDA", quantity=None, percent_of_position="100", name="Protect the gain",
         trigger_type="trailing_stop", trigger_params={"percent": "8"})  # fmt: skip
    rule(desk, action_type="NOTIFY", symbol="TSLA", quantity=None, max_executions=None, cooldown_seconds=3600,
         trigger_type="change_pct", trigger_params={"change": "5"})  # fmt: skip
    lifecycle.pause(user=desk.user, action_id=rule(desk, symbol="MSFT").pk, now=moment, actor="ada")
    execution = lifecycle.execute_now(user=desk.user, action_id=shown.pk, now=moment, actor="ada")
    place(desk.intent(source_id=str(execution.pk)), now=moment)
    place(desk.intent(symbol="MSFT", quantity=D(5000)), now=moment)
    losses = {"daily_loss_reduce_pct": D(1000), "daily_loss_halt_pct": D(1000), "drawdown_halt_pct": D(1000)}
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=D(1), **losses)
    place(desk.intent(symbol="TSLA", quantity=D(60)), now=moment)  # waits for a person
    for kind, severity in (("fill", "info"), ("blocked", "warning"), ("failure", "critical")):
        raise_alert(
            user_id=desk.user.pk,
            kind=kind,
            severity=severity,
            title=f"A {kind} happened",
            body="What was seen: $100.00",
            now=moment,
            dedupe_key=kind,
        )
    return shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_every_page(
    browser: Browser,
    server: Server,
    desk: Desk,
    domain: Callable[..., Any],
    complaints: Complaints,
    width: int,
    scheme: Any,
) -> None:
    shown = domain(furnish, desk)
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    complaints.watch(page)
    page.goto(f"{server.url}/login/")
    look_at(page, "login", width, scheme)
    sign_in(page, server, desk)
    for path in (*PAGES, f"/actions/{shown.pk}/", f"/actions/{shown.pk}/history/"):
        page.goto(server.url + path)
        page.wait_for_selector(".connection[data-state=live]")
        if path == "/monitoring/":
            page.wait_for_selector("#monitoring .tile")
        if path in ("/", f"/actions/{shown.pk}/"):
            page.wait_for_selector("figure canvas")
        name = path.strip("/").replace(f"actions/{shown.pk}", "rule").replace("/", "-") or "overview"
        look_at(page, name, width, scheme)
    context.close()


def look_at(page: Page, name: str, width: int, scheme: str) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(150)
    page.screenshot(path=SCREENS / f"{name}-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} sticks out at {width}"
    assert page.evaluate(CONTRAST) == [], f"{name} has text that is hard to read in {scheme}"


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
