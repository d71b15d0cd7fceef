"""The agent as a person meets it: a run watched over a model's wire and replayed, a sentence that becomes a rule."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Page, expect

from agent.models import AgentRun
from agent.running import execute
from agent.starting import start_run
from automation.models import Action
from common.clock import now
from orders.models import Order
from tests.browser.conftest import Complaints, Server
from tests.dashboard.agents import thinks
from tests.fakes.llm import ScriptedModel
from tests.fakes.llm.script import Act, Call, Use
from tests.orders.making import Desk

Domain = Callable[..., Any]
LOOKS = ("get_quotes", "list_actions", "get_alerts", "get_bars")
ARGUMENTS: dict[str, dict[str, Any]] = {"get_quotes": {"symbols": ["AAPL"]}, "get_bars": {"symbol": "AAPL"}}
TOLD = (
    "Looks up the latest price of AAPL",
    "Lists the active rules",
    "Reads the latest alerts",
    "Reads the price history of AAPL",
)


class Conducted:
    """A model that makes one call per answer, each when the test lets it."""

    def __init__(self) -> None:
        self.may = [threading.Event() for _ in range(len(LOOKS) + 1)]
        self.answers = 0

    def __call__(self, body: dict[str, Any]) -> Act:
        number, self.answers = self.answers, self.answers + 1
        assert self.may[number].wait(50)
        if number < len(LOOKS):
            name = LOOKS[number]
            return Call((Use(name, ARGUMENTS.get(name, {})),), text=f"Look {number + 1}.")
        return Call((Use("submit_report", {"summary": "All is calm at $100."}),))


@pytest.fixture
def conducted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Conducted]:
    """The model, served over its wire; the run is done in this process."""
    conductor = Conducted()
    with ScriptedModel(conductor) as model:
        monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, llm_base_url=f"{model.url}/v1"))
        yield conductor
        for event in conductor.may:
            event.set()


def begin(desk: Desk) -> AgentRun:
    thinks(desk, mode="report")
    return start_run(user=desk.user, now=now(), trigger="manual")


def at_work(run: AgentRun) -> threading.Thread:
    """The worker, in a thread with a connection of its own."""

    def work() -> None:
        try:
            execute(run.pk, clock=now)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def numbers(page: Page) -> list[int]:
    return [int(text) for text in page.locator("[data-step]").evaluate_all("all => all.map(e => e.dataset.step)")]


def test_a_run_is_watched_live_and_replayed(
    site: Page, server: Server, desk: Desk, domain: Domain, conducted: Conducted, complaints: Complaints
) -> None:
    run = domain(begin, desk)
    site.goto(f"{server.url}/agent/runs/{run.pk}/")
    site.wait_for_selector(".connection[data-state=live]")
    expect(site.get_by_text("It waits for a worker")).to_be_visible()
    worker = at_work(run)
    for number, told in enumerate(TOLD[:2]):
        conducted.may[number].set()
        expect(site.locator(".step.tool").nth(number)).to_contain_text(told, timeout=20_000)  # the SDK loads once
        expect(site.locator(".step.tool")).to_have_count(number + 1)
    expect(site.locator("#run-state")).to_contain_text("At work")
    expect(site.locator("#run-state")).to_contain_text("$0.")

    complaints.expected = ["ERR_CONNECTION", "WebSocket", "Failed to fetch"]
    server.stop()  # two steps happen while nobody listens
    conducted.may[2].set()
    conducted.may[3].set()
    server.start()
    expect(site.locator(".step.tool")).to_have_count(4, timeout=20_000)
    conducted.may[4].set()
    expect(site.locator(".step.report")).to_contain_text("All is calm at $100.", timeout=20_000)
    worker.join(20)
    expect(site.locator("#run-outcome")).to_contain_text("All is calm at $100.")
    expect(site.locator("#run-state")).to_contain_text("Reported")
    assert numbers(site) == list(range(1, 12)), "prompt, 4 × (answer, call), answer, report: in order, none missing"
    for place, told in enumerate(TOLD):
        expect(site.locator(".step.tool").nth(place)).to_contain_text(told)

    site.reload()
    slider = site.get_by_label("Show the run up to this step")
    slider.fill("3")
    expect(site.locator(".step:visible")).to_have_count(3)
    site.get_by_role("button", name="Next step").click()
    expect(site.locator(".step:visible")).to_have_count(4)
    expect(site.locator(".step.now")).to_have_attribute("data-step", "4")
    site.locator(".step.tool").first.locator("summary").click()
    expect(site.locator(".step.tool").first.locator(".unfolded table, .unfolded dl").first).to_be_visible()


def test_the_offline_analyst_is_asked_and_watched(site: Page, server: Server, domain: Domain, desk: Desk) -> None:
    site.goto(f"{server.url}/agent/")
    expect(site.get_by_text("No runs yet")).to_be_visible()
    site.get_by_role("button", name="Analyse now").click()
    expect(site.locator("h1")).to_have_text("The regular analysis")
    site.wait_for_selector(".connection[data-state=live]")
    run = domain(lambda: AgentRun.objects.get(user=desk.user))
    domain(execute, run.pk, clock=now)
    expect(site.locator(".step.tool")).to_contain_text("Gathers the facts")
    expect(site.locator("#run-outcome")).to_contain_text("The portfolio is worth")
    expect(site.locator("#run-outcome")).to_contain_text("Offline, no language model")


def test_a_sentence_in_the_chat_becomes_a_rule_only_when_confirmed(
    site: Page, server: Server, desk: Desk, domain: Domain
) -> None:
    site.goto(f"{server.url}/agent/chat/")
    expect(site.get_by_label("Your message")).to_be_focused()
    site.keyboard.type("Buy AAPL")
    site.keyboard.press("Shift+Enter")
    site.keyboard.type("if it drops below 80")
    site.keyboard.press("Enter")
    expect(site.locator(".message.assistant")).to_have_count(1)  # a page of its own
    site.wait_for_selector(".connection[data-state=live]")
    site.get_by_role("button", name="10 shares").click()
    expect(site.get_by_label("Your message")).to_be_focused()
    site.keyboard.press("Enter")
    expect(site.locator(".message")).to_have_count(4)
    expect(site.get_by_label("Your message")).to_have_value("")
    expect(site.get_by_label("Your message")).to_be_focused()
    assert not domain(lambda: Action.objects.filter(user=desk.user).exists()), "a draft is not a rule"
    site.get_by_role("button", name="Create").click()
    expect(site.locator(".draft-card.done")).to_be_visible()
    rule = domain(lambda: Action.objects.get(user=desk.user))
    assert (rule.instrument_id, rule.quantity) == ("AAPL", 10)
    assert not domain(lambda: Order.objects.filter(portfolio=desk.portfolio).exists())
    site.get_by_role("link", name="Look at the rule").click()
    expect(site.locator("h1")).to_have_text("Buy 10 AAPL when AAPL is at or below $80.")
