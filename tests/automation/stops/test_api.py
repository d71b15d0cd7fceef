"""`portfolios/{id}/holdings/{symbol}/stops/`: what protects, what could, and setting it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from automation.models import Action
from common.clock import now
from tests.automation.making import bars, hold
from tests.orders.making import D, Desk, open_desk, open_market, quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Desk:
    open_market(day=now().date())
    quote("AAPL", "100", at=now())
    made = open_desk("ada", now=now())
    hold(made, now=now())
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    bars("AAPL", "1d", midnight - timedelta(days=1), [100, 102] * 10)
    return made


@pytest.fixture
def client(desk: Desk) -> APIClient:
    client = APIClient()
    client.force_authenticate(desk.user)
    return client


def path(desk: Desk, symbol: str = "AAPL") -> str:
    return f"/api/portfolios/{desk.portfolio.id}/holdings/{symbol}/stops/"


def test_what_is_offered_says_level_and_loss(client: APIClient, desk: Desk) -> None:
    body = client.get(path(desk)).json()
    assert (body["symbol"], D(body["covered"]), body["stops"]) == ("AAPL", D(0), [])
    offers = {offer["stop"]: offer for offer in body["offers"]}
    assert list(offers) == ["fixed", "trailing", "atr", "chandelier", "time"]
    fixed = offers["fixed"]
    assert (D(fixed["level"]), fixed["loss"]["amount"]) == (D(90), "1000.00")
    assert D(fixed["loss"]["percent_of_equity"]) == pytest.approx(D(1000) / D(1100))
    assert fixed["sentence"] == "Sell 100 % of the AAPL held when AAPL is at or below $90."
    assert D(offers["trailing"]["level"]) == D(92)
    # A step of 2 from day to day, but for the first bar, which has no day before it.
    assert D("94.0") <= D(offers["atr"]["level"]) < D("94.3")
    assert offers["chandelier"]["params"] == {"multiple": "3", "period": "14", "from": "price"}
    assert offers["time"]["problem"].startswith("'10': the calendar does not reach that far")


def test_an_offer_that_cannot_be_says_why(client: APIClient, desk: Desk) -> None:
    quote("MSFT", "50", at=now())
    hold(desk, "MSFT", "10", now=now())
    offers = {offer["stop"]: offer for offer in client.get(path(desk, "msft")).json()["offers"]}
    assert "0 closed daily bars" in offers["atr"]["problem"]
    assert offers["atr"]["level"] is None


@pytest.mark.parametrize(
    ("given", "trigger", "params"),
    [
        ({"stop": "fixed", "percent": 7}, "price_below", {"threshold": "93", "edge": "level", "hysteresis": "0"}),
        ({"stop": "trailing", "percent": "5"}, "trailing_stop", {"percent": "5", "side": "long"}),
        ({"stop": "chandelier", "multiple": 2}, "trailing_stop", None),
        ({"stop": "atr", "mode": "notify"}, "price_below", None),
        ({"stop": "time", "days": 2}, "time_of_day", None),
    ],
)
def test_setting_one_makes_its_rule(
    client: APIClient, desk: Desk, given: dict[str, Any], trigger: str, params: dict[str, str] | None
) -> None:
    made = client.post(path(desk), given, format="json")
    assert made.status_code == 201, made.json()
    (rule,) = made.json()["rules"]
    action = Action.objects.get(id=rule["id"])
    assert (action.portfolio, action.instrument_id, action.trigger_type) == (desk.portfolio, "AAPL", trigger)
    assert params is None or action.trigger_params == params
    (stop,) = made.json()["protection"]["stops"]
    assert (stop["action"], stop["acts"]) == (rule["id"], given.get("mode") != "notify")


def test_a_second_stop_on_the_same_shares_is_warned_of(client: APIClient, desk: Desk) -> None:
    client.post(path(desk), {"stop": "fixed"}, format="json")
    offers = client.get(path(desk)).json()["offers"]
    assert "'stop at $90' sells these shares already" in offers[1]["warnings"][0]
    made = client.post(path(desk), {"stop": "trailing"}, format="json").json()
    assert "2 stops sell 200 shares together, 100 are held" in made["protection"]["warnings"][0]


def test_a_level_above_the_market_is_warned_of(client: APIClient, desk: Desk) -> None:
    quote("AAPL", "70", at=now())
    made = client.post(path(desk), {"stop": "fixed", "percent": 10, "from": "cost"}, format="json").json()
    assert "not below the price $70: it sells at once" in made["protection"]["warnings"][0]


@pytest.mark.parametrize(
    ("given", "field", "text"),
    [
        ({}, "stop", "is required: one of fixed, trailing, atr, chandelier, time"),
        ({"stop": "magic"}, "stop", "'magic' is not known"),
        ({"stop": ["fixed"]}, "stop", "is not known"),
        ({"stop": "fixed", "symbol": "MSFT"}, "symbol", "the path and `stop` say it"),
        ({"stop": "atr", "kind": "fixed"}, "kind", "the path and `stop` say it"),
        ({"stop": "fixed", "percent": 100}, "percent", "below 100"),
        ({"stop": "trailing", "multiple": 2}, "multiple", "is not a parameter of this template"),
        ({"stop": "fixed", "mode": "yolo"}, "mode", "yolo"),
    ],
)
def test_what_is_wrong_is_told_by_field(
    client: APIClient, desk: Desk, given: dict[str, Any], field: str, text: str
) -> None:
    answer = client.post(path(desk), given, format="json")
    assert answer.status_code == 400
    assert text in answer.json()["errors"][field][0]
    assert not Action.objects.exists()


def test_what_is_not_held_or_anothers_is_not_found(client: APIClient, desk: Desk) -> None:
    other = open_desk("bob", now=now())
    hold(other, now=now())
    for missing in (path(desk, "MSFT"), path(desk, "no%20such"), path(other)):
        assert client.get(missing).status_code == 404
        assert client.post(missing, {"stop": "fixed"}, format="json").status_code == 404
