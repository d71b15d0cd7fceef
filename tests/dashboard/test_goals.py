"""Goals: the list, one goal with its plan, the form, what if, harvesting."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.test import Client

from automation.rebalancing import watching
from common.clock import now
from portfolios.ledger import open_position
from portfolios.models import PortfolioGoal
from tests.automation.making import rule as engine_rule
from tests.dashboard.goal_making import TARGETS, form_of, goal_for, hold, overweight
from tests.orders.making import Desk, quote

D = Decimal


def page_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_no_goals_teach_with_examples_that_fill_the_form(site: Client, desk: Desk) -> None:
    hold(desk, AAPL="500")
    page = page_of(site.get("/goals/"))
    assert "No goals yet" in page
    assert "/goals/new/?weights=current" in page
    form = site.get("/goals/new/", {"weights": "current"}).context["form"]
    assert [(row.symbol, row.weight) for row in form.rows] == [("AAPL", "33.3"), ("CASH", "66.7")]
    begun = site.get("/goals/new/", {"weights": "AAPL:0.5,msft:0.5,oops,TSLA:nine", "name": "Halves"})
    assert [(row.symbol, row.weight) for row in begun.context["form"].rows] == [("AAPL", "50"), ("MSFT", "50")]
    assert 'value="Halves"' in page_of(begun)


def test_examples_name_only_symbols_that_exist(site: Client, desk: Desk) -> None:
    assert "60/40" not in page_of(site.get("/goals/"))
    for symbol in ("SPY", "AGG"):
        desk.portfolio.holdings.model._meta.get_field("instrument").related_model.objects.create(
            symbol=symbol, name=symbol, exchange_id="DEMO", demo=True
        )
    page = page_of(site.get("/goals/"))
    assert "60/40" in page
    assert "Three funds" not in page


def test_each_goal_shows_its_bands(site: Client, desk: Desk) -> None:
    overweight(desk)
    goal = goal_for(desk)
    watching.watch(now=now())
    answer = site.get("/goals/")
    (card,) = answer.context["cards"]
    bars = {bar.symbol: bar for bar in card.bars}
    assert (bars["AAPL"].weight, bars["AAPL"].target, bars["AAPL"].outside) == (D(60), D(40), True)
    assert (bars["AAPL"].low, bars["AAPL"].high) == (D(35), D(45))
    assert [bar.symbol for bar in card.bars] == ["AAPL", "MSFT", "NVDA", "CASH"]
    page = page_of(answer)
    assert "Outside its band" in page
    assert "AAPL: 60.0 %, target 40.0 %, band 35.0 to 45.0 %, outside its band" in page
    assert "outside since" in page
    assert f"/goals/{goal.pk}/" in page


def test_a_goal_inside_its_bands_and_one_switched_off(site: Client, desk: Desk) -> None:
    hold(desk, AAPL="1000")
    goal_for(desk, target_weights={"AAPL": "0.5", "CASH": "0.5"})
    goal_for(desk, name="Other", enabled=False)
    cards = {card.goal.name: card.state for card in site.get("/goals/").context["cards"]}
    assert cards == {"Core": "inside", "Other": "off"}


def test_a_missing_price_is_said(site: Client, desk: Desk) -> None:
    overweight(desk)
    goal = goal_for(desk)
    desk.portfolio.holdings.get().instrument.quote.delete()
    assert "no price yet" in page_of(site.get("/goals/"))
    page = page_of(site.get(f"/goals/{goal.pk}/"))
    assert "No plan can be made now" in page
    assert "No plan can be made now" in page_of(site.get(f"/goals/{goal.pk}/rebalance/"))


def test_the_plan_with_lots_tax_and_what_the_gate_says(site: Client, desk: Desk) -> None:
    overweight(desk)
    quote("AAPL", "125", at=now())
    goal = goal_for(desk, target_weights={"AAPL": "0.4", "CASH": "0.6"})
    answer = site.get(f"/goals/{goal.pk}/")
    (row,) = answer.context["trades"]
    assert (row.trade.side, row.trade.symbol) == ("sell", "AAPL")
    assert row.gain == row.trade.short_term_gain > 0
    page = page_of(answer)
    assert "The safety gate lets it pass" in page
    assert "1 tax lot" in page
    assert "short-term +$" in page
    assert "tax $" in page
    for part in ("bars", "plan"):
        assert "AAPL" in page_of(site.get(f"/goals/{goal.pk}/{part}/"))


def test_what_is_left_out_says_why(site: Client, desk: Desk) -> None:
    overweight(desk)
    goal = goal_for(desk, do_not_sell=["AAPL"])
    page = page_of(site.get(f"/goals/{goal.pk}/"))
    assert "What is left out, and why" in page
    assert "the goal never sells AAPL" in page


def test_what_if_other_bands_and_cash(site: Client, desk: Desk) -> None:
    overweight(desk)
    goal = goal_for(desk)
    ask = f"/goals/{goal.pk}/try/"
    wide = {"try-band_kind": "absolute", "try-drift_threshold": "60", "try-rebalance_to": "target"}
    page = page_of(site.get(ask, wide, headers={"HX-Request": "true"}))
    assert "<html" not in page
    assert "AAPL</strong> would be outside" not in page
    richer = site.get(ask, {**wide, "try-drift_threshold": "5", "try-cash": "50000"})
    assert richer.context["tried"].plan.cash_before == D("150000.00")
    assert "Sell" in page_of(richer)
    goal.refresh_from_db()
    assert (goal.drift_threshold, goal.version) == (D("0.05"), 1), "nothing is saved"
    wrong = page_of(site.get(ask, {"try-drift_threshold": "900", "try-cash": "lots"}))
    assert "900 cannot be used" in wrong
    assert "“lots” is not a number" in wrong
    assert "the portfolio has $100,000.00" in page_of(site.get(ask, {"try-cash": "-100001"}))


# --- the form -------------------------------------------------------------------------------------------------------
def test_a_goal_is_made_as_typed(site: Client, desk: Desk) -> None:
    answer = site.post(
        "/goals/new/",
        form_of(
            ("aapl", "60"), ("MSFT", "12.5"), ("cash", "27.5"), ("", ""),
            band_kind="hybrid_20_1", rebalance_mode="auto", cash_buffer="500", cash_buffer_pct="1", turnover_cap="20",
            do_not_sell="msft, aapl", cooldown_days="7", schedule="0 10 1 * *", min_trade="25", lot_method="tax",
            wash_sale_lock="on", benefit_bps="50",
        ),
    )  # fmt: skip
    goal = PortfolioGoal.objects.get()
    assert answer.headers["Location"] == f"/goals/{goal.pk}/"
    assert goal.target_weights == {"AAPL": "0.6", "MSFT": "0.125", "CASH": "0.275"}
    assert (goal.band_kind, goal.drift_threshold, goal.rebalance_mode) == ("hybrid_20_1", D("0.05"), "auto")
    assert (goal.cash_buffer, goal.cash_buffer_pct, goal.turnover_cap) == (D(500), D(1), D("0.2"))
    assert (goal.do_not_sell, goal.cooldown_days, goal.schedule) == (["AAPL", "MSFT"], 7, "0 10 1 * *")
    assert (goal.min_trade, goal.lot_method, goal.wash_sale_lock) == (D(25), "tax", True)
    assert (goal.benefit_bps, goal.avoid_short_term_gains, goal.enabled) == (D(50), False, True)


def test_weights_are_told_in_percent(site: Client, desk: Desk) -> None:
    answer = site.post("/goals/new/", form_of(("AAPL", "60"), ("MSFT", "30")))
    assert answer.status_code == 422
    page = page_of(answer)
    assert "The weights add up to 90 %: 10 % are missing" in page
    assert 'value="60"' in page, "what was typed stays"
    page = page_of(site.post("/goals/new/", form_of(("AAPL", "60"), ("aapl", "30"), ("MSFT", "x"), ("", "3"))))
    assert "AAPL stands here twice" in page
    assert "“x” is not a weight" in page
    assert "A weight without a symbol" in page
    page = page_of(site.post("/goals/new/", form_of(("AAPLE", "100"))))
    assert "AAPLE is not known here" in page
    page = page_of(site.post("/goals/new/", form_of(("", ""))))
    assert "Name at least one symbol" in page
    assert not PortfolioGoal.objects.exists()


def test_refusals_land_on_their_fields(site: Client, desk: Desk) -> None:
    answer = site.post(
        "/goals/new/",
        form_of(name="", min_trade="-1", schedule="often", do_not_sell="ZZZ", cooldown_days="soon"),
    )
    assert set(answer.context["form"].errors) == {"name", "min_trade", "schedule", "do_not_sell", "cooldown_days"}
    answer = site.post("/goals/new/", form_of(drift_threshold="500", turnover_cap="0"))
    assert set(answer.context["form"].errors) == {"drift_threshold", "turnover_cap"}


def test_two_goals_cannot_both_rebalance_by_themselves(site: Client, desk: Desk) -> None:
    goal_for(desk, rebalance_mode="auto")
    answer = site.post("/goals/new/", form_of(rebalance_mode="auto"))
    assert answer.status_code == 422
    assert "would undo each other" in str(answer.context["form"].errors["rebalance_mode"])


def test_edit_shows_the_goal_and_keeps_to_the_version_seen(site: Client, desk: Desk) -> None:
    goal = goal_for(desk, turnover_cap="0.25", do_not_sell=["AAPL"])
    form = site.get(f"/goals/{goal.pk}/edit/").context["form"]
    assert [(row.symbol, row.weight) for row in form.rows][:2] == [("AAPL", "40"), ("MSFT", "30")]
    assert (form["turnover_cap"].value(), form["drift_threshold"].value()) == ("25", "5")
    changed = form_of(name="Core", version="1", turnover_cap="", cash_flow_only="on")
    assert site.post(f"/goals/{goal.pk}/edit/", changed).status_code == 302
    goal.refresh_from_db()
    assert (goal.turnover_cap, goal.cash_flow_only, goal.do_not_sell, goal.version) == (None, True, [], 2)
    late = site.post(f"/goals/{goal.pk}/edit/", form_of(name="Mine", version="1"))
    assert late.status_code == 422
    assert "The goal was changed since" in page_of(late)


def test_switch_off_and_on(site: Client, desk: Desk) -> None:
    goal = goal_for(desk)
    for enabled in (False, True):
        site.post(f"/goals/{goal.pk}/switch/", {"enabled": "yes" if enabled else "no"})
        goal.refresh_from_db()
        assert goal.enabled is enabled


def test_delete_asks_and_says_who_needs_it(site: Client, desk: Desk) -> None:
    goal = goal_for(desk)
    assert "Delete the goal" in page_of(site.get(f"/goals/{goal.pk}/delete/"))
    used = engine_rule(desk, now=now(), action_type="REBALANCE", symbol=None, quantity=None, goal=str(goal.pk),
                       trigger_type="drift_above", trigger_params={"goal": str(goal.pk)}, name="Fridays")  # fmt: skip
    page = page_of(site.get(f"/goals/{goal.pk}/delete/"))
    assert "It cannot be deleted while it is used by" in page
    assert "Fridays" in page
    assert site.post(f"/goals/{goal.pk}/delete/").headers["Location"] == f"/goals/{goal.pk}/delete/"
    site.post(f"/actions/{used.pk}/cancel/")
    assert site.post(f"/goals/{goal.pk}/delete/").headers["Location"] == "/goals/"
    assert site.get(f"/goals/{goal.pk}/").status_code == 404


def test_somebody_elses_goal_does_not_exist(site: Client, other: Desk) -> None:
    goal = goal_for(other, target_weights=TARGETS)
    for part in ("", "edit/", "delete/", "rebalance/", "plan/", "bars/", "try/"):
        assert site.get(f"/goals/{goal.pk}/{part}").status_code == 404
    assert site.post(f"/goals/{goal.pk}/switch/", {"enabled": "no"}).status_code == 404
    assert site.get("/goals/harvest/", {"portfolio": str(other.portfolio.pk)}).status_code == 404


# --- tax losses -----------------------------------------------------------------------------------------------------
def test_losses_that_could_be_harvested(site: Client, desk: Desk) -> None:
    at = now() - timedelta(days=60)
    open_position(portfolio=desk.portfolio, symbol="AAPL", quantity=D(100), price=D(130), at=at, now=now())
    answer = site.get("/goals/harvest/")
    assert answer.context["total_loss"] == D("3000.00")
    assert answer.context["total_saved"] == D("720.00")
    assert "Nothing was sold at a loss within 30 days" in page_of(answer)
    assert "Nothing to harvest" in page_of(site.get("/goals/harvest/", {"min_loss": "5000"}))
    wrong = page_of(site.get("/goals/harvest/", {"min_loss": "much", "long_term_tax_pct": "15"}))
    assert "“much” is not a number" in wrong
    assert "cannot be used" in page_of(site.get("/goals/harvest/", {"short_term_tax_pct": "300"}))
