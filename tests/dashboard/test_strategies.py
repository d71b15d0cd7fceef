"""The pages of strategies: what they show, what their forms do, what is refused."""

from __future__ import annotations

import pytest
from django.test import Client

from automation.backtest.models import BacktestRun
from automation.strategies import lifecycle
from automation.strategies.models import Strategy, StrategyRun
from automation.strategies.registry import STRATEGIES
from common.clock import now
from tests.browser.furnishing.strategies import fill_bars, strategy
from tests.dashboard.making import signed_in
from tests.orders.making import Desk


@pytest.fixture(autouse=True)
def bars(market: None) -> None:
    fill_bars()


def typed(**changes: str) -> dict[str, str]:
    """The form as a person fills it in."""
    return {
        "symbols": "aapl, MSFT", "timeframe": "1d", "mode": "monitor", "sizing_kind": "fixed_fraction", "common": "",
        "own": "", "timezone": "America/New_York", "param-short": "10", "param-long": "30", "param-average": "sma",
        "size-fixed_fraction-fraction": "3", **changes,
    }  # fmt: skip


def text(site: Client, path: str, status: int = 200) -> str:
    answer = site.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def test_an_empty_page_teaches(site: Client) -> None:
    shown = text(site, "/strategies/")
    assert "No strategy yet" in shown and "No job yet" in shown
    assert 'aria-current="page"' in shown and "Strategies &amp; jobs" in shown


def test_the_cards_explain_every_kind(site: Client) -> None:
    shown = text(site, "/strategies/new/")
    for kind in STRATEGIES.values():
        assert f"?type={kind.key}" in shown
    assert shown.count("What it needs") == len(STRATEGIES) == 7
    assert text(site, "/strategies/new/?type=nonsense").count("What it needs") == 7


@pytest.mark.parametrize("kind", STRATEGIES)
def test_the_form_offers_what_the_kind_asks_for(site: Client, kind: str) -> None:
    shown = text(site, f"/strategies/new/?type={kind}")
    for parameter in STRATEGIES[kind].schema:
        assert f'name="param-{parameter.name}"' in shown


def test_a_strategy_is_made_and_only_watches(site: Client, desk: Desk) -> None:
    answer = site.post("/strategies/new/?type=ma_cross", typed(), follow=True)
    made = Strategy.objects.get(user=desk.user)
    assert answer.redirect_chain[-1][0] == f"/strategies/{made.pk}/"
    assert made.mode == "monitor" and made.params["short"] == 10 and made.sizing["fraction"] == "3"
    assert "Promote to alert" in answer.content.decode()


def test_refusals_stand_beside_their_fields(site: Client) -> None:
    data = typed(**{"param-short": "90", "symbols": "AAPLE", "common": "own", "own": "61 * * * *"})
    data["size-fixed_fraction-fraction"] = "300"
    answer = site.post("/strategies/new/?type=ma_cross", data)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert "did you mean AAPL" in form.errors["symbols"][0]
    assert "own" in form.errors and set(form.params.errors) & {"short", "long"}
    assert "fraction" in form.sizes["fixed_fraction"].errors
    assert not Strategy.objects.exists()


def test_it_can_be_tested_before_it_is_made(site: Client, desk: Desk) -> None:
    answer = site.post("/strategies/new/?type=ma_cross", typed(**{"try": "1"}))
    run = BacktestRun.objects.get(user=desk.user)
    assert answer.headers["Location"] == f"/backtests/{run.pk}/"
    assert run.subject is None and not Strategy.objects.exists()


def test_run_now_shows_signals(site: Client, desk: Desk) -> None:
    made = strategy(desk)
    answer = site.post(f"/strategies/{made.pk}/run/", follow=True)
    assert "It ran" in answer.content.decode()
    assert StrategyRun.objects.get(strategy=made).known == 3
    again = site.post(f"/strategies/{made.pk}/run/", follow=True).content.decode()
    assert "judged already" in again
    assert "What became of it" in again


def test_the_ladder_says_what_is_lacking_and_takes_a_reason(site: Client, desk: Desk) -> None:
    made = strategy(desk)
    shown = text(site, f"/strategies/{made.pk}/")
    assert "Trading days watched" in shown and "at least 5" in shown and "Let it trade against the evidence" in shown
    site.post(f"/strategies/{made.pk}/mode/", {"mode": "alert"})
    made.refresh_from_db()
    assert made.mode == "alert"
    refused = site.post(f"/strategies/{made.pk}/mode/", {"mode": "auto_trade"}, follow=True).content.decode()
    assert "Not changed: the evidence is thin." in refused
    site.post(f"/strategies/{made.pk}/mode/", {"mode": "auto_trade", "override": "I know this one well"})
    made.refresh_from_db()
    assert made.mode == "auto_trade"
    assert "against the evidence" in text(site, f"/strategies/{made.pk}/").lower()


def test_an_edit_that_remakes_a_trading_one_asks_for_a_reason(site: Client, desk: Desk) -> None:
    made = strategy(desk, mode="auto_trade", override="I know this one well")
    answer = site.post(f"/strategies/{made.pk}/edit/", typed(name="Other"))
    assert answer.status_code == 409
    assert "shown nothing yet" in answer.content.decode()
    answer = site.post(f"/strategies/{made.pk}/edit/", typed(name="Other", override="Still the same idea"))
    made.refresh_from_db()
    assert (answer.status_code, made.name, made.epoch) == (302, "Other", 2)


def test_pause_resume_delete(site: Client, desk: Desk) -> None:
    made = strategy(desk)
    site.post(f"/strategies/{made.pk}/pause/")
    assert "Paused" in text(site, "/strategies/")
    site.post(f"/strategies/{made.pk}/resume/")
    made.refresh_from_db()
    assert made.enabled
    assert site.post(f"/strategies/{made.pk}/delete/").headers["Location"] == "/strategies/"
    text(site, f"/strategies/{made.pk}/", status=404)


def test_another_users_strategy_does_not_exist(site: Client, other: Desk) -> None:
    made = strategy(other)
    for path in ("", "edit/"):
        text(site, f"/strategies/{made.pk}/{path}", status=404)
    for verb in ("run", "pause", "delete", "mode"):
        assert site.post(f"/strategies/{made.pk}/{verb}/", {"mode": "alert"}).status_code == 404
    assert made.name not in text(site, "/strategies/")
    assert lifecycle.strategy_of(other.user, made.pk).enabled
    assert signed_in(other).get(f"/strategies/{made.pk}/").status_code == 200


def test_the_next_run_is_when_the_bar_closes(site: Client, desk: Desk) -> None:
    made = strategy(desk)
    answer = site.get("/strategies/")
    (row,) = answer.context["rows"]
    assert row.strategy == made and row.next_run is not None and row.next_run > now()
