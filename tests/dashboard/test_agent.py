"""The agent's pages: what it may do, a run with its steps, proposals answered, the settings, the scorecard."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from agent.configuring import config_of
from agent.models import AgentRun, ModelPrice, Reservation, Suggestion
from agent.starting import start_run
from common.clock import now
from common.ids import new_id
from orders.models import Order
from safety import switch
from tests.dashboard.agents import BUY, REPORT, ran, ran_offline, scored, thinks
from tests.dashboard.making import signed_in
from tests.orders.making import Desk


def text_of(site: Client, path: str, status: int = 200) -> str:
    answer = site.get(path)
    assert answer.status_code == status
    return str(answer.content.decode())


def test_the_first_visit_teaches_the_next_step(site: Client) -> None:
    text = text_of(site, "/agent/")
    assert "No runs yet" in text
    assert "It looks and reports. It proposes no trades." in text
    assert "The offline analyst costs nothing." in text


def test_budget_bars_tell_spent_from_set_aside(site: Client, desk: Desk) -> None:
    thinks(desk, dollars_per_day=Decimal(2))
    run = start_run(user=desk.user, now=now(), trigger="manual")
    for settled in (Decimal("0.5"), None):
        Reservation.objects.create(user=desk.user, run=run, reserved=Decimal(1), settled=settled, at=now())
    text = text_of(site, "/agent/")
    assert "$0.50 of $2.00" in text
    assert "$0.50 left, $1.00 set aside for requests under way" in text


def test_analyse_now_starts_a_run_and_shows_it(site: Client, desk: Desk) -> None:
    answer = site.post("/agent/analyse/", {"question": ""})
    run = AgentRun.objects.get(user=desk.user)
    assert answer["Location"] == f"/agent/runs/{run.pk}/"
    assert "It waits for a worker" in text_of(site, answer["Location"])


def test_a_killed_agent_starts_nothing_and_says_why(site: Client, desk: Desk) -> None:
    switch.kill(user=desk.user, scope="agent", actor="ada", reason="Enough", now=now())
    assert "The agent is switched off" in text_of(site, "/agent/")
    site.post("/agent/analyse/", {})
    assert not AgentRun.objects.exists()
    assert "resume it on the page Safety" in text_of(site, "/agent/")


def test_a_run_is_told_in_words(site: Client, desk: Desk) -> None:
    thinks(desk)
    run = ran(desk)
    text = text_of(site, f"/agent/runs/{run.pk}/")
    for words in (
        "Looks up the latest price of AAPL, MSFT", "AAPL $100 · MSFT $100", "Measures the risk of the portfolio",
        "Proposes to buy MSFT, 85% sure", "in this mode you decide on each", REPORT["summary"], "Buy $500.00 of MSFT",
    ):  # fmt: skip
        assert words in text, words
    assert "get_quotes" not in text
    assert text.index("Looks up the latest price") < text.index("Measures the risk")


def test_the_steps_after_a_number_are_asked_for(site: Client, desk: Desk) -> None:
    thinks(desk)
    run = ran(desk)
    count = run.steps.count()
    text = text_of(site, f"/agent/runs/{run.pk}/steps/?after={count - 2}")
    assert [f'data-step="{number}"' in text for number in (count - 2, count - 1, count)] == [False, True, True]
    assert f'data-after="{count}"' in text
    assert f'data-after="{count}"' in text_of(site, f"/agent/runs/{run.pk}/steps/?after={count}")


def test_a_step_unfolds_into_a_table(site: Client, desk: Desk) -> None:
    thinks(desk)
    run = ran(desk)
    step = run.steps.get(name="get_quotes")
    text = text_of(site, f"/agent/runs/{run.pk}/step/?number={step.number}")
    assert '<th scope="col">Prev close</th>' in text
    assert "<td>AAPL</td>" in text
    assert site.get(f"/agent/runs/{run.pk}/step/?number=99").status_code == 404


def test_numbers_from_nowhere_and_untrusted_text_are_said_plainly(site: Client, desk: Desk) -> None:
    thinks(desk)
    run = ran(desk, question="Look at this", report={"summary": "It will reach $777.", "suggestions": []})
    text = text_of(site, f"/agent/runs/{run.pk}/")
    assert "Check these numbers:</strong> 777" in text
    assert "It read text nobody vouches for" in text


def test_a_proposal_is_ordered_by_its_owner_once(site: Client, desk: Desk) -> None:
    thinks(desk)
    ran(desk)
    suggestion = Suggestion.objects.get()
    assert "Waits for you" in text_of(site, "/agent/")
    site.post(f"/agent/suggestions/{suggestion.pk}/accept/", {"next": "/agent/"})
    order = Order.objects.get()
    assert (order.instrument_id, order.source_kind) == ("MSFT", "manual")
    text = text_of(site, "/agent/")
    assert "It is an order of yours now" in text
    assert "Order: " in text
    site.post(f"/agent/suggestions/{suggestion.pk}/accept/")
    assert Order.objects.count() == 1


def test_a_proposal_is_dismissed(site: Client, desk: Desk) -> None:
    thinks(desk)
    run = ran(desk)
    site.post(f"/agent/suggestions/{Suggestion.objects.get().pk}/dismiss/")
    assert "You said no" in text_of(site, f"/agent/runs/{run.pk}/")
    assert not Order.objects.exists()


def test_a_draft_of_a_run_is_accepted(site: Client, desk: Desk) -> None:
    thinks(desk)
    rule = {"action_type": "BUY", "symbol": "AAPL", "quantity": "1", "trigger_type": "price_below",
            "trigger_params": {"threshold": "80"}}  # fmt: skip
    run = ran(desk, calls=[("create_action", rule)])
    (draft,) = [one["draft"] for one in run.actions_taken if one["kind"] == "draft"]
    text = text_of(site, f"/agent/runs/{run.pk}/")
    assert "Wants a new rule: buy 1 AAPL" in text
    site.post(f"/agent/runs/{run.pk}/drafts/{draft['card']}/accept/")
    assert desk.user.actions.get().quantity == 1
    assert "Done, in your name." in text_of(site, f"/agent/runs/{run.pk}/")


def test_a_run_is_stopped(site: Client, desk: Desk) -> None:
    run = start_run(user=desk.user, now=now(), trigger="manual")
    site.post(f"/agent/runs/{run.pk}/cancel/")
    assert "Stopped by you" in text_of(site, f"/agent/runs/{run.pk}/")


def test_another_users_run_does_not_exist(desk: Desk, other: Desk) -> None:
    thinks(desk)
    run = ran(desk)
    theirs = signed_in(other)
    for path in ("", "steps/", "state/", "step/?number=1"):
        assert theirs.get(f"/agent/runs/{run.pk}/{path}").status_code == 404
    assert theirs.post(f"/agent/runs/{run.pk}/cancel/").status_code == 404
    assert theirs.post(f"/agent/suggestions/{Suggestion.objects.get().pk}/accept/").status_code == 404
    assert theirs.post(f"/agent/runs/{run.pk}/drafts/{new_id()}/accept/").status_code == 404


def test_the_offline_report_says_what_it_is(site: Client, desk: Desk) -> None:
    run = ran_offline(desk)
    text = text_of(site, f"/agent/runs/{run.pk}/")
    assert "Offline, no language model" in text
    assert "Gathers the facts" in text
    assert "free" in text


def test_the_scorecard_shows_figures_and_the_chart(site: Client, desk: Desk) -> None:
    assert "No proposals yet" in text_of(site, "/agent/scorecard/")
    thinks(desk)
    scored(desk, ran(desk), 24)
    text = text_of(site, "/agent/scorecard/")
    assert "24 scored" in text
    assert "80–90% sure: " in text
    assert "scripted-large-1" in text
    assert text.count('class="hit"') == 4


# --- settings
def filled(site: Client) -> dict[str, str]:
    form = site.get("/agent/settings/").context["form"]
    return {name: form[name].value() for name in form.fields if name != "notifications_in_chat" and form[name].value()}


def test_settings_are_saved_and_what_is_wrong_stands_at_its_field(site: Client, desk: Desk) -> None:
    site.post("/agent/settings/", {**filled(site), "mode": "suggest", "dollars_per_day": "3.5", "max_turns": "4"})
    config = config_of(desk.user, now=now())
    assert (config.mode, config.dollars_per_day, config.max_turns) == ("suggest", Decimal("3.5"), 4)
    answer = site.post("/agent/settings/", {**filled(site), "max_turns": "900"})
    assert answer.status_code == 422
    assert "give a whole number from 1 to 30" in answer.context["form"].errors["max_turns"][0]
    answer = site.post("/agent/settings/", {**filled(site), "provider": "openai", "model": "none-such"})
    assert {"provider", "model"} <= set(answer.context["form"].errors)


def test_execute_asks_for_evidence_and_takes_a_reason(site: Client, desk: Desk) -> None:
    answer = site.post("/agent/settings/", {**filled(site), "mode": "execute"})
    assert answer.status_code == 409
    assert "20 are needed" in answer.content.decode()
    reason = "I want to try it on paper for a week"
    site.post("/agent/settings/", {**filled(site), "mode": "execute", "override": reason})
    assert config_of(desk.user, now=now()).mode == "execute"


def test_prices_are_set_and_forgotten(site: Client, desk: Desk, other: Desk) -> None:
    typed = {"price_provider": "openai", "price_model": "m-1", "input": "2.5", "output": "10", "cache_read": ""}
    site.post("/agent/settings/prices/", typed)
    price = ModelPrice.objects.get(user=desk.user)
    assert (price.input, price.cache_read) == (Decimal("2.5"), Decimal("2.5"))
    assert "m-1" in text_of(site, "/agent/settings/")
    answer = site.post("/agent/settings/prices/", {**typed, "input": "cheap"})
    assert answer.status_code == 422
    assert "cheap is not a number" in answer.content.decode()
    assert signed_in(other).post(f"/agent/settings/prices/{price.pk}/forget/").status_code == 404
    site.post(f"/agent/settings/prices/{price.pk}/forget/")
    assert not ModelPrice.objects.filter(user=desk.user).exists()


@pytest.mark.parametrize("question", ["", "Why?"])
def test_the_mode_of_a_run_is_at_most_that_of_the_settings(site: Client, desk: Desk, question: str) -> None:
    site.post("/agent/analyse/", {"question": question, "mode": "execute"})
    assert AgentRun.objects.get(user=desk.user).mode == "report"
    assert BUY["symbol"] not in text_of(site, "/agent/")
