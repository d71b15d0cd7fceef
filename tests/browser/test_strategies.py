"""A person makes a strategy and lets it climb, tests the past, and sets up a job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from automation.backtest import running as backtests
from automation.backtest.models import BacktestRun
from automation.scheduling import running as jobs
from automation.scheduling.models import JobRun
from common.clock import now
from tests.browser.conftest import Server
from tests.browser.furnishing.strategies import fill_bars, strategy
from tests.orders.making import Desk


def carry_out_jobs(desk: Desk) -> None:
    for run in JobRun.objects.filter(job__user=desk.user, state="pending"):
        jobs.carry_out(run.pk, now=now())


def carry_out_backtests(desk: Desk) -> None:
    for run in BacktestRun.objects.filter(user=desk.user, state="queued"):
        backtests.carry_out(run.pk, now=now())


def test_a_strategy_is_made_run_and_promoted(
    site: Page, server: Server, desk: Desk, domain: Callable[..., Any]
) -> None:
    domain(fill_bars)
    site.goto(f"{server.url}/strategies/")
    site.get_by_role("link", name="Choose one of seven kinds").click()
    site.get_by_role("link", name="Choose Moving-average cross").click()
    site.get_by_label("Symbols").fill("AAPL, MSFT")
    site.locator("#id_param-short").fill("10")
    site.locator("#id_param-long").fill("30")
    expect(site.locator("#id_size-kelly-multiplier")).to_be_hidden()
    site.get_by_label("How large is a position").select_option("kelly")
    expect(site.locator("#id_size-kelly-multiplier")).to_be_visible()
    site.get_by_label("How large is a position").select_option("fixed_fraction")
    site.get_by_role("button", name="Make strategy").click()
    expect(site.locator("#signals")).to_contain_text("No signal yet")
    site.get_by_role("button", name="Run now").click()
    expect(site.get_by_text("It ran:")).to_be_visible()
    expect(site.locator("#signals tbody tr").first).to_be_visible()
    site.get_by_role("button", name="Promote to alert").click()
    expect(site.get_by_text("It tells you now, and orders nothing.")).to_be_visible()
    expect(site.locator(".step.next .checks .lacking").first).to_contain_text("at least 5")
    site.get_by_text("Let it trade against the evidence").click()
    site.get_by_label("Your reason").fill("I have followed this for years")
    site.get_by_role("button", name="Let it trade anyway").click()
    expect(site.locator(".step.now h3")).to_contain_text("Auto-trade")


def test_a_backtest_to_its_result(site: Page, server: Server, desk: Desk, domain: Callable[..., Any]) -> None:
    domain(fill_bars)
    domain(strategy, desk, name="Trend")
    site.goto(f"{server.url}/backtests/new/")
    expect(site.get_by_label("What is tested").locator("option:checked")).to_have_text("Trend")
    site.get_by_label("Benchmark").fill("NVDA")
    site.get_by_role("button", name="Run backtest").click()
    expect(site.get_by_role("status").filter(has_text="Waits for a worker")).to_be_visible()
    domain(carry_out_backtests, desk)
    expect(site.locator("figure canvas").first).to_be_visible()
    expect(site.get_by_text("Before you believe it")).to_be_visible()
    expect(site.locator("table.heat").first).to_contain_text("Jan")


def test_a_job_is_made_and_its_run_arrives(site: Page, server: Server, desk: Desk, domain: Callable[..., Any]) -> None:
    site.goto(f"{server.url}/jobs/new/?type=portfolio_check")
    expect(site.locator("ol.coming li")).to_have_count(5)
    expect(site.locator("#id_own")).to_be_hidden()
    site.get_by_label("When", exact=True).select_option("own")
    site.get_by_label("Its times").fill("30 2 * * *")
    expect(site.locator("#times")).to_contain_text("jumps over 02:30")
    site.get_by_label("Name").fill("Night watch")
    site.get_by_role("button", name="Make job").click()
    expect(site.locator("#runs")).to_contain_text("It has not run yet")
    site.get_by_role("button", name="Run now").click()
    expect(site.locator("#runs .pill")).to_have_text("Pending")
    domain(carry_out_jobs, desk)
    expect(site.locator("#runs .pill")).to_have_text("Succeeded")  # without a reload
    site.goto(f"{server.url}/strategies/")
    site.get_by_role("switch", name="Night watch is on").click()
    expect(site.get_by_role("switch", name="Night watch is on")).to_have_attribute("aria-checked", "false")
