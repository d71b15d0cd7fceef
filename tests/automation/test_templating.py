"""Templates on real facts: a preview, and making the rules, all of them or none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from automation import templating
from automation.blueprints.registry import BLUEPRINTS
from automation.models import Action
from common.errors import InvalidInput, NotFound
from markets import calendar
from markets.models import Instrument, MarketSession
from portfolios.opening import open_portfolio
from tests.automation.making import bars, example_goal, fresh, hold, timers_of, watch_of
from tests.orders.making import NOW, D

pytestmark = pytest.mark.django_db
GIVEN = {"symbol": "AAPL", "amount_usd": "100", "goal": "Example"}


def filled(name: str) -> dict[str, str]:
    return {field.name: GIVEN[field.name] for field in BLUEPRINTS[name].fields if field.required}


def create(desk, name, **params):
    return templating.create(user=desk.user, name=name, params=params, now=NOW, actor="ada")


def preview(desk, name, **params):
    return templating.preview(user=desk.user, name=name, params=params, now=NOW)


@pytest.fixture
def months(market) -> None:
    MarketSession.objects.bulk_create(
        calendar.demo_sessions(NOW.date(), (NOW + timedelta(days=100)).date()), ignore_conflicts=True
    )


@pytest.mark.parametrize("name", sorted(BLUEPRINTS))
def test_every_template_makes_what_it_showed(months, desk, name) -> None:
    hold(desk)
    bars("AAPL", "1d", NOW.replace(hour=0) - timedelta(days=1), [100, 101] * 10)
    example_goal(desk)
    plan = preview(desk, name, **filled(name))
    assert not Action.objects.exists()
    made = create(desk, name, **filled(name))
    assert [rule.rule["name"] for rule in plan.rules] == [action.name for action in made]
    for action in made:
        stored = fresh(action)
        assert (stored.user, stored.portfolio, stored.status, stored.mode) == (
            desk.user, desk.portfolio, "active", "auto",
        )  # fmt: skip
        assert timers_of(action.id) or watch_of(action)


def test_every_holding_gets_its_stop(desk) -> None:
    hold(desk)
    hold(desk, "NVDA", "3")
    made = create(desk, "trailing_stops", percent="6", mode="monitor")
    assert {(action.instrument_id, action.mode) for action in made} == {("AAPL", "monitor"), ("NVDA", "monitor")}


def test_another_portfolio(desk) -> None:
    hold(desk)
    second = open_portfolio(user=desk.user, name="Second", cash=D(5), now=NOW)
    with pytest.raises(InvalidInput, match="not held in Second"):
        preview(desk, "stop_loss", symbol="AAPL", portfolio=str(second.id))
    (action,) = create(desk, "dca_weekly", symbol="AAPL", amount_usd="5", portfolio=str(second.id))
    assert action.portfolio == second


def test_warnings_are_shown(desk) -> None:
    hold(desk)
    Instrument.objects.create(symbol="NEW", name="New", exchange_id=calendar.DEMO, demo=True)
    plan = preview(desk, "buy_the_dip", symbol="new", amount_usd="5")
    assert "No price has been seen" in plan.rules[0].warnings[0]


def test_what_is_wrong_is_told_by_parameter_and_nothing_is_made(desk, other) -> None:
    hold(desk)
    for name, params, field in (
        ("bracket", {"symbol": "AAPL", "quantity": "500"}, "quantity"),
        ("stop_loss", {"symbol": "AAPL", "mode": "yolo"}, "mode"),
        ("stop_loss", {"symbol": "AAPL", "portfolio": str(other.portfolio.id)}, "portfolio"),
        ("stop_loss", {"symbol": "AAPL", "portfolio": "x"}, "portfolio"),
        ("stop_loss", {"symbol": "\x00"}, "symbol"),
        ("stop_loss", {}, "symbol"),
        ("trailing_stops", {"colour": "red"}, "colour"),
    ):
        for verb in (preview, create):
            with pytest.raises(InvalidInput) as bad:
                verb(desk, name, **params)
            assert field in bad.value.errors, (name, params)
    assert not Action.objects.exists()
    with pytest.raises(NotFound):
        create(desk, "get_rich")


@pytest.fixture
def api(desk, monkeypatch) -> APIClient:
    monkeypatch.setattr("automation.templating_api.now", lambda: NOW)
    client = APIClient()
    client.force_authenticate(desk.user)
    return client


def test_the_doors(api, desk, other) -> None:
    hold(desk)
    listed = {template["name"]: template for template in api.get("/api/actions/templates/").json()}
    assert set(listed) == set(BLUEPRINTS)
    first = listed["stop_loss"]["parameters"][0]
    assert (first["name"], first["kind"], first["required"]) == ("symbol", "symbol", True)
    assert listed["stop_loss"]["parameters"][2]["choices"][0] == ["price", "the last price"]
    path = "/api/actions/templates/bracket/"
    plan = api.post(path + "preview/", {"symbol": "AAPL"}).json()
    assert [rule["sentence"] for rule in plan["rules"]] == [
        "Sell 100 % of the AAPL held when AAPL is at or above $110.",
        "Sell 100 % of the AAPL held when AAPL is at or below $95.",
    ]
    assert plan["rules"][0]["rule"]["group"] == plan["rules"][1]["rule"]["group"]
    made = api.post(path + "create/", {"symbol": "AAPL"}, headers={"Idempotency-Key": "once"})
    assert (made.status_code, len(made.json())) == (201, 2)
    assert api.post(path + "create/", {"symbol": "AAPL"}, headers={"Idempotency-Key": "once"}).json() == made.json()
    assert Action.objects.filter(user=desk.user).count() == 2
    assert api.post(path + "create/", []).status_code == 400
    assert api.post("/api/actions/templates/nothing/preview/", {}).status_code == 404
    assert "symbol" in api.post(path + "create/", {"symbol": "MSFT"}).json()["errors"]
    assert not Action.objects.filter(user=other.user).exists()
