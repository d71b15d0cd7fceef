"""The form: what is typed becomes the domain's data, and each refusal lands on its field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from automation.models import Action
from automation.strategies.lifecycle import create_strategy
from automation.triggers.registry import CONDITIONS, TRIGGERS
from common.clock import now
from dashboard.condition_forms import NOT_OF_CONDITIONS
from dashboard.trigger_forms import TRIGGER_FORMS
from tests.automation.making import example_goal
from tests.dashboard.making import rule, typed
from tests.orders.making import Desk


def test_every_trigger_type_has_a_form() -> None:
    assert set(TRIGGER_FORMS) == set(TRIGGERS)


@pytest.mark.parametrize("kind", TRIGGERS)
def test_each_trigger_form_makes_a_rule(site: Client, desk: Desk, kind: str) -> None:
    example = TRIGGERS[kind].example
    example_goal(desk)
    assert set(example) <= set(TRIGGER_FORMS[kind].base_fields), "a parameter without a field"
    if kind == "signal":
        follow = {"strategy_type": "momentum", "symbols": ["AAPL"]}
        made_before = create_strategy(user=desk.user, data=follow, now=now(), actor="ada")
        example = {**example, "strategy": str(made_before.pk)}
    boxes: dict[str, Any] = {f"{kind}-{name}": value for name, value in example.items() if value is not False}
    answer = site.post("/actions/new/", typed(trigger_type=kind, **boxes))
    made = Action.objects.get()
    assert answer.headers["Location"] == f"/actions/{made.pk}/"
    assert made.trigger_params.items() >= example.items()


def test_a_rule_is_made_as_typed(site: Client, desk: Desk) -> None:
    site.post("/actions/new/", typed(name="Dip", size="2.5", max_executions="", cooldown_seconds="60"))
    made = Action.objects.get()
    assert (made.user, made.name, made.instrument_id) == (desk.user, "Dip", "AAPL")
    assert (made.quantity, made.amount_usd) == (Decimal("2.5"), None)
    assert (made.max_executions, made.cooldown_seconds) == (None, 60)
    assert made.trigger_params["threshold"] == "90"
    assert made.versions.get().actor == "ada"


def test_dates_are_read_in_the_users_zone(site: Client, desk: Desk) -> None:
    site.post("/actions/new/", typed(valid_until="2099-07-01T12:00"))
    assert Action.objects.get().valid_until.isoformat() == "2099-07-01T16:00:00+00:00"  # New York in summer


def test_refusals_land_on_their_fields(site: Client, desk: Desk) -> None:
    answer = site.post(
        "/actions/new/",
        typed(
            symbol="AAPLE", size="-3", **{"price_below-threshold": "cheap"}, max_executions="often", valid_from="soon"
        ),
    )
    assert answer.status_code == 422
    form = answer.context["form"]
    assert "valid_from" in form.errors  # what cannot be read comes first
    answer = site.post(
        "/actions/new/",
        typed(symbol="AAPLE", size="-3", **{"price_below-threshold": "cheap"}, max_executions="often"),
    )
    form = answer.context["form"]
    assert set(form.errors) == {"symbol", "size", "max_executions"}
    assert "did you mean AAPL" in str(form.errors["symbol"])
    assert "threshold" in form.triggers["price_below"].errors
    page = answer.content.decode()
    assert 'value="AAPLE"' in page, "what was typed stays"
    assert not Action.objects.exists()


def test_a_refusal_without_a_field_is_shown_on_top(site: Client, desk: Desk) -> None:
    answer = site.post("/actions/new/", typed(trigger_type="moon_phase"))
    assert answer.status_code == 422
    assert answer.context["form"].errors


def test_what_the_page_hides_is_left_out(site: Client, desk: Desk) -> None:
    site.post("/actions/new/", typed(limit_price="3", stop_price="4", message="hello"))
    made = Action.objects.get()
    assert (made.limit_price, made.stop_price, made.message) == (None, None, "")
    site.post("/actions/new/", typed(action_type="NOTIFY", message="Look", order_type="limit", limit_price="3"))
    told = Action.objects.get(action_type="NOTIFY")
    assert (told.quantity, told.limit_price, told.message) == (None, None, "Look")


def test_somebody_elses_portfolio_is_refused(site: Client, desk: Desk, other: Desk) -> None:
    answer = site.post("/actions/new/", typed(portfolio=str(other.portfolio.pk)))
    assert answer.status_code == 422
    assert not Action.objects.exists()


def test_the_edit_form_shows_the_rule_and_saves_the_difference(site: Client, desk: Desk) -> None:
    action = rule(desk, name="Dip", trigger_params={"threshold": "90", "hysteresis": "1.5"})
    page = site.get(f"/actions/{action.pk}/edit/")
    form = page.context["form"]
    assert (form["symbol"].value(), form["size"].value(), form["size_kind"].value()) == ("AAPL", "10", "quantity")
    assert form.triggers["price_below"]["hysteresis"].value() == "1.5"
    changed = typed(name="Dip", size="500", size_kind="amount_usd", **{"price_below-hysteresis": "1.5"})
    assert site.post(f"/actions/{action.pk}/edit/", changed).status_code == 302
    action.refresh_from_db()
    assert (action.quantity, action.amount_usd, action.epoch) == (None, Decimal(500), 1)
    assert set(action.versions.get(version=2).changes) == {"quantity", "amount_usd"}


def test_an_ended_rule_cannot_be_edited(site: Client, desk: Desk) -> None:
    action = rule(desk)
    site.post(f"/actions/{action.pk}/cancel/")
    answer = site.post(f"/actions/{action.pk}/edit/", typed(name="Late"), follow=True)
    assert "can no longer be edited" in answer.content.decode()


def test_the_preview_reads_the_rule_back(site: Client, desk: Desk) -> None:
    page = site.post("/actions/preview/", typed()).content.decode()
    assert "Buy 10 AAPL when AAPL is at or below $90." in page
    assert "10.00%" in page
    assert not Action.objects.exists()


def test_the_preview_warns_what_fires_at_once(site: Client, desk: Desk) -> None:
    page = site.post("/actions/preview/", typed(**{"price_below-threshold": "120"})).content.decode()
    assert page.count("fires at once") == 1


def test_the_preview_names_what_is_missing(site: Client, desk: Desk) -> None:
    page = site.post("/actions/preview/", typed(symbol="", **{"price_below-threshold": ""})).content.decode()
    assert "<strong>Symbol</strong> is required" in page
    assert "<strong>Price, $</strong> is required" in page


def test_the_preview_shows_what_the_rule_would_get_into(site: Client, desk: Desk) -> None:
    rule(desk, action_type="BUY", trigger_params={"threshold": "90"})
    page = site.post("/actions/preview/", typed()).content.decode()
    assert "The very same rule exists once already: both buy." in page
    assert "Cancel one of them" in page
    assert "(this one)" in page


def test_an_edit_is_not_held_against_the_rule_itself(site: Client, desk: Desk) -> None:
    action = rule(desk)
    assert f'hx-post="/actions/{action.pk}/edit/preview/"' in site.get(f"/actions/{action.pk}/edit/").content.decode()
    page = site.post(f"/actions/{action.pk}/edit/preview/", typed(size="11")).content.decode()
    assert "Buy 11 AAPL" in page
    assert "notice" not in page


def test_how_long_it_must_stay_so(site: Client, desk: Desk) -> None:
    site.post("/actions/new/", typed(**{"price_below-for_seconds": "300"}))
    made = Action.objects.get()
    assert made.trigger_params["for_seconds"] == 300
    page = site.get(f"/actions/{made.pk}/edit/").content.decode()
    assert 'name="price_below-for_seconds" value="300"' in page
    assert "time_of_day-for_seconds" not in page, "an instant cannot last"


CONDITION = {
    "condition": "4",
    "condition-4-trigger_type": "rsi_below",
    "condition-4-rsi_below-threshold": "30",
    "condition-4-symbol": "msft",
}


def test_a_rule_with_conditions_and_a_group(site: Client, desk: Desk) -> None:
    page = site.post("/actions/preview/", typed(**CONDITION)).content.decode()
    assert "MSFT" in page
    site.post("/actions/new/", typed(group="exit AAPL", **CONDITION))
    made = Action.objects.get()
    (condition,) = made.conditions
    assert (condition["trigger_type"], condition["symbol"]) == ("rsi_below", "MSFT")
    assert condition["trigger_params"]["threshold"] == "30"
    assert made.group == "exit AAPL"
    page = site.get(f"/actions/{made.pk}/edit/").content.decode()
    assert 'name="condition" value="0"' in page
    assert 'name="condition-0-rsi_below-threshold" value="30"' in page
    assert '<option value="exit AAPL">' in page
    # An edit that takes the condition out.
    site.post(f"/actions/{made.pk}/edit/", typed())
    made.refresh_from_db()
    assert (made.conditions, made.group) == ([], "")


def test_refusals_land_on_the_fields_of_their_condition(site: Client, desk: Desk) -> None:
    wrong = {**CONDITION, "condition-4-rsi_below-threshold": "300", "condition-4-symbol": "MSFTT"}
    answer = site.post("/actions/new/", typed(**wrong))
    assert answer.status_code == 422
    (condition,) = answer.context["form"].conditions
    assert "300" in str(condition.params.errors["threshold"])
    assert "not a known symbol" in str(condition.errors["symbol"])
    assert not Action.objects.exists()


def test_another_condition_has_a_number_of_its_own(site: Client, desk: Desk) -> None:
    """Two quick clicks ask before either answer is on the page."""
    numbers = set()
    for _ in range(2):
        page = site.get("/actions/condition/").content.decode()
        number = page.split('name="condition" value="')[1].split('"')[0]
        assert f"condition-{number}-rsi_below-threshold" in page
        numbers.add(number)
    assert len(numbers) == 2


def test_another_kind_brings_its_own_fields(site: Client, desk: Desk) -> None:
    asked = {"again": "2", "condition": "2", "condition-2-trigger_type": "change_pct", "condition-2-symbol": "IBM"}
    page = site.get("/actions/condition/", asked).content.decode()
    assert 'name="condition-2-change_pct-window" value="1d"' in page
    assert 'value="IBM"' in page
    assert "for_seconds" not in page
    page = site.get("/actions/condition/", {**asked, "condition-2-trigger_type": "drawdown_above"}).content.decode()
    assert "condition-2-symbol" not in page, "it is asked of the portfolio"


@pytest.mark.parametrize("number", ["", "x", "-1", "1234567890", "²"])
def test_a_number_the_page_never_sent_is_ignored(site: Client, desk: Desk, number: str) -> None:
    answer = site.get("/actions/condition/", {"condition": number, "again": number})
    assert answer.status_code == 200
    assert f'name="condition" value="{number}"' not in answer.content.decode()
    site.post("/actions/new/", typed(condition=number))
    assert Action.objects.get().conditions == []


@pytest.mark.parametrize("kind", CONDITIONS)
def test_every_condition_has_a_form_that_makes_it(site: Client, desk: Desk, kind: str) -> None:
    example = {key: value for key, value in TRIGGERS[kind].example.items() if key not in NOT_OF_CONDITIONS}
    boxes = {f"condition-0-{kind}-{name}": value for name, value in example.items()}
    when = {"trigger_type": "cron", "cron-expression": "30 9 * * MON"}
    site.post("/actions/new/", typed(condition="0", **{"condition-0-trigger_type": kind}, **when, **boxes))
    (condition,) = Action.objects.get().conditions
    assert condition["trigger_params"].items() >= example.items()


# --- REBALANCE ------------------------------------------------------------------------------------------------------
def test_a_rule_rebalances_to_a_goal(site: Client, desk: Desk) -> None:
    goal = example_goal(desk)
    page = site.get("/actions/new/").content.decode()
    assert page.count(f'<option value="{goal.pk}">Example</option>') == 2, "to rebalance to, and to wait for"
    typing = {"action_type": "REBALANCE", "symbol": "", "goal": str(goal.pk), "trigger_type": "drift_above"}
    answer = site.post("/actions/new/", typed(**typing, **{"drift_above-goal": str(goal.pk)}))
    made = Action.objects.get()
    assert answer.headers["Location"] == f"/actions/{made.pk}/"
    assert (str(made.goal_id), made.targets, made.quantity) == (str(goal.pk), {}, None)
    assert made.trigger_params == {"goal": str(goal.pk), "label": "Example"}
    form = site.get(f"/actions/{made.pk}/edit/").context["form"]
    assert form["goal"].value() == str(goal.pk)
    assert form.triggers["drift_above"]["goal"].value() == str(goal.pk)


def test_a_rule_rebalances_to_weights_of_its_own(site: Client, desk: Desk) -> None:
    typing = {"action_type": "REBALANCE", "symbol": "AAPL", "goal": "own"}
    site.post("/actions/new/", typed(**typing, targets="aapl 50, MSFT: 30%; cash=20"))
    made = Action.objects.get()
    assert (made.goal_id, made.targets) == (None, {"AAPL": "0.5", "MSFT": "0.3", "CASH": "0.2"})
    form = site.get(f"/actions/{made.pk}/edit/").context["form"]
    assert form["goal"].value() == "own"
    assert sorted(form["targets"].value().split(", ")) == ["AAPL 50", "CASH 20", "MSFT 30"]
    site.post(f"/actions/{made.pk}/edit/", typed())
    made.refresh_from_db()
    assert (made.action_type, made.targets, made.quantity) == ("BUY", {}, Decimal(10))


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("", "Give the weights"),
        ("AAPL", "“AAPL” is not a symbol with a percentage"),
        ("AAPL 1.2.3", "“AAPL 1.2.3” is not"),
        ("AAPL 50, aapl 50", "stands here twice"),
        ("AAPL 50", "The weights add up to 50 %"),
        ("AAPLE 100", "AAPLE"),
    ],
)
def test_wrong_weights_are_named_beside_their_field(site: Client, desk: Desk, weights: str, said: str) -> None:
    answer = site.post("/actions/new/", typed(action_type="REBALANCE", goal="own", targets=weights))
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors["targets"])
