"""Goal, drift, plan, rebalance to its end; a run approved and one declined; the form's rows and sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.states import RunState
from common.clock import now
from portfolios.goals.changing import update_goal
from portfolios.models import PortfolioGoal
from safety.models import SafetyPolicy
from tests.browser.conftest import Server
from tests.dashboard.goal_making import carry_on, goal_for, overweight, run_for
from tests.orders.making import D, Desk, quote

Domain = Callable[..., Any]


def the_run(desk: Desk) -> RebalanceRun:
    return RebalanceRun.objects.get(user=desk.user)


def a_large_run(desk: Desk) -> RebalanceRun:
    """It asks: more than 5 % of the portfolio in one symbol."""
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=D(5))
    overweight(desk)
    return carry_on(run_for(desk, goal_for(desk)))


def test_from_a_goal_to_the_end_of_its_rebalance(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    domain(overweight, desk)
    site.goto(f"{server.url}/goals/")
    site.get_by_role("link", name="As it is now").click()
    expect(site.locator("output")).to_have_text("100 %")
    site.get_by_label("Weight, %").first.fill("40")
    expect(site.locator(".total")).to_contain_text("20 % still to give")
    site.get_by_role("button", name="Add a target").click()
    site.get_by_label("Symbol").last.fill("MSFT")
    site.get_by_label("Weight, %").last.fill("15")
    site.get_by_role("button", name="The rest to cash").click()
    expect(site.locator(".total")).to_contain_text("adds up")
    site.get_by_label("Name").fill("Calm")
    site.get_by_role("button", name="Save the goal").click()
    expect(site.locator(".notices")).to_contain_text("Calm is saved")
    standing = site.locator("#standing")
    expect(standing).to_contain_text("20.0 points")
    expect(standing.get_by_role("img", name="AAPL: 60.0 %, target 40.0 %")).to_be_visible()
    expect(site.locator("#plan")).to_contain_text("The safety gate lets it pass")
    site.get_by_role("link", name="Rebalance…").click()
    site.get_by_role("button", name="Rebalance now").click()
    expect(site.locator(".steps .done")).to_have_count(1)
    domain(lambda: carry_on(the_run(desk)))
    expect(site.locator(".steps .done")).to_have_count(4)  # no reload
    expect(site.locator("#run")).to_contain_text("At the end everything was inside its band")
    expect(site.locator("table .pill.good")).to_have_count(2)
    site.get_by_role("link", name="The goal").click()
    expect(standing).to_contain_text("Inside its bands")


def test_bars_follow_what_happens_without_a_reload(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    domain(overweight, desk)
    goal = domain(goal_for, desk)
    site.goto(f"{server.url}/goals/{goal.pk}/")
    site.wait_for_selector(".connection[data-state=live]")
    expect(site.locator("#standing")).to_contain_text("30.0 points")
    wanted = {"target_weights": {"AAPL": "0.6", "CASH": "0.4"}}
    domain(lambda: update_goal(user=desk.user, goal_id=goal.pk, changes=wanted, now=now(), actor="ada"))
    expect(site.locator("#standing")).to_contain_text("Inside its bands")
    expect(site.locator("#plan")).to_contain_text("Nothing to trade")
    site.get_by_label("Cash paid in").fill("200000")
    site.get_by_role("button", name="Show what it would do").click()
    expect(site.locator("#tried")).to_contain_text("AAPL, CASH would be outside")
    assert domain(lambda: PortfolioGoal.objects.get(pk=goal.pk).version) == 2, "nothing is saved by trying"


def test_a_run_that_asks_is_approved(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    site.goto(f"{server.url}/goals/")
    site.wait_for_selector(".connection[data-state=live]")
    run = domain(a_large_run, desk)
    card = site.locator("section.waiting")
    expect(card).to_contain_text("Approve? Rebalance Core")  # it came by itself
    domain(quote, "AAPL", "100.5", at=now())
    site.goto(f"{server.url}/goals/runs/{run.pk}/")
    expect(card).to_contain_text("$100.5")
    card.get_by_label("Why").fill("agreed")
    card.get_by_role("button", name="Approve the run").click()
    expect(site.locator(".notices")).to_contain_text("Approved")
    expect(card).to_have_count(0)
    done = domain(carry_on, run)
    assert done.approval_note == "agreed"
    expect(site.locator(".steps li").last).to_contain_text("Completed")


def test_a_run_that_asks_is_declined(site: Page, desk: Desk, domain: Domain, server: Server) -> None:
    run = domain(a_large_run, desk)
    site.goto(f"{server.url}/goals/runs/{run.pk}/")
    site.locator("section.waiting").get_by_role("button", name="Decline").click()
    expect(site.locator(".notices")).to_contain_text("Declined. Nothing will be ordered")
    expect(site.locator(".steps .stopped").first).to_contain_text("not given")
    assert domain(lambda: the_run(desk).state) == RunState.DECLINED
