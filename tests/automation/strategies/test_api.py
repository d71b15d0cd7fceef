"""The doors of strategies: set up, edit, run, promote; errors all at once; nobody else's."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from automation.strategies.models import Strategy, StrategyVersion
from common.clock import now
from tests.automation.strategies.making import strategy
from tests.orders.making import Desk, open_market

URL = "/api/strategies/"
DATA = {"strategy_type": "momentum", "symbols": ["aapl", "MSFT"]}


@pytest.fixture
def client(desk: Desk) -> APIClient:
    open_market(day=now().date())
    client = APIClient()
    client.force_authenticate(desk.user)
    return client


def test_a_strategy_is_set_up_with_every_default(client: APIClient, desk: Desk) -> None:
    answer = client.post(URL, DATA, format="json")
    assert answer.status_code == 201, answer.data
    assert {name: answer.data[name] for name in ("mode", "timeframe", "enabled", "symbols", "exchange", "status")} == {
        "mode": "monitor",
        "timeframe": "1d",
        "enabled": True,
        "symbols": ["AAPL", "MSFT"],
        "exchange": "DEMO",
        "status": "new",
    }
    assert answer.data["params"] == {"lookback": 126, "skip": 0, "threshold": "0"}
    assert answer.data["sizing"] == {"kind": "fixed_fraction", "fraction": "4"}
    assert answer.data["name"] == "Momentum AAPL, MSFT"
    assert answer.data["sentence"].startswith("Hold each of AAPL, MSFT while its return over 126 bars")
    assert answer.data["standings"][0] == {
        "symbol": "AAPL", "signal": None, "side": None, "target": None, "applied": None, "bar_at": None,
        "unknown": "", "failures": 0,
    }  # fmt: skip
    assert client.get(URL, {"symbol": "aapl"}).data["count"] == 1
    assert client.get(URL, {"symbol": "NVDA"}).data["count"] == 0
    assert client.get(f"{URL}{answer.data['id']}/versions/").data["results"][0]["changes"]["created"][1]["name"]


def test_every_error_is_told_at_once_with_value_and_fix(client: APIClient) -> None:
    bad = {
        "strategy_type": "pairs",
        "symbols": ["AAPL", "MSFT", "NVDA"],
        "params": {"window": 5, "entri": 2},
        "sizing": {"kind": "fixed_fraction", "fraction": "0"},
        "timeframe": "2d",
        "mode": "yolo",
        "cron": "61 * * * *",
        "timezone": "Mars/Olympus",
        "portfolio": "main",
        "colour": "red",
    }
    answer = client.post(URL, bad, format="json")
    assert answer.status_code == 400
    errors = answer.data["errors"]
    assert set(errors) == {
        "symbols", "params.window", "params.entri", "sizing.fraction", "timeframe", "mode", "cron", "timezone",
        "portfolio", "colour",
    }  # fmt: skip
    assert errors["symbols"] == ["has 3 different symbols: pairs takes exactly 2"]
    assert errors["params.entri"] == ["is not a parameter of this strategy: did you mean entry?"]


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"symbols": []}, "symbols", "not a list of symbols"),
        ({"symbols": ["APPL"]}, "symbols", "did you mean AAPL?"),
        ({"symbols": "AAPL"}, "", ""),
        ({"strategy_type": "astrology"}, "strategy_type", "'astrology' is not known: use momentum or"),
        ({"sizing": 4}, "sizing", "must be an object"),
        ({"enabled": "yes"}, "enabled", "is not true or false"),
        ({"name": "x" * 121}, "name", "at most 120 are kept"),
        ({"override": "because"}, "override", "write 10 to 300 characters"),
        ({"override": "a good enough reason"}, "override", "goes with mode auto_trade only"),
    ],
)
def test_bad_fields(client: APIClient, changes: dict, field: str, message: str) -> None:
    answer = client.post(URL, {**DATA, **changes}, format="json")
    if not field:
        assert answer.status_code == 201
        return
    assert answer.status_code == 400
    assert message in " ".join(answer.data["errors"][field])


def test_two_strategies_have_two_names(client: APIClient) -> None:
    assert client.post(URL, DATA, format="json").status_code == 201
    answer = client.post(URL, DATA, format="json")
    assert "another of your strategies" in answer.data["errors"]["name"][0]


def test_an_edit_leaves_a_version_and_begins_anew_when_it_is_another_strategy(client: APIClient, desk: Desk) -> None:
    made = strategy(desk)
    url = f"{URL}{made.id}/"
    renamed = client.patch(url, {"name": "Mine", "notes": "look"}, format="json").data
    assert (renamed["epoch"], renamed["version"]) == (1, 2)
    remade = client.patch(url, {"symbols": ["MSFT", "AAPL"]}, format="json").data
    assert (remade["epoch"], remade["version"], remade["symbols"]) == (2, 3, ["MSFT", "AAPL"])
    changed = client.patch(url, {"strategy_type": "rsi"}, format="json").data
    assert changed["params"] == {"period": 14, "oversold": "30", "exit": "50", "overbought": "70"}
    assert client.patch(url, {"strategy_type": "rsi"}, format="json").data["version"] == 4  # nothing changed
    assert StrategyVersion.objects.get(strategy=made, version=3).changes == {"symbols": [["AAPL"], ["MSFT", "AAPL"]]}


def test_a_deleted_strategy_is_gone_and_its_name_free(client: APIClient, desk: Desk) -> None:
    made = strategy(desk, name="Mine")
    assert client.delete(f"{URL}{made.id}/").status_code == 204
    assert client.get(f"{URL}{made.id}/").status_code == 404
    assert client.get(URL).data["count"] == 0
    assert Strategy.objects.get(pk=made.pk).archived_at is not None
    assert strategy(desk, name="Mine").pk != made.pk


def test_what_is_somebody_elses_does_not_exist(client: APIClient, other: Desk) -> None:
    theirs = strategy(other)
    for path in ("", "signals/", "runs/", "versions/", "evidence/"):
        assert client.get(f"{URL}{theirs.id}/{path}").status_code == 404
    assert client.post(f"{URL}{theirs.id}/run-now/").status_code == 404
    assert client.post(f"{URL}{theirs.id}/promote/", {"mode": "alert"}, format="json").status_code == 404
    assert client.get(URL).data["count"] == 0


def test_run_now_answers_with_the_run(client: APIClient, desk: Desk) -> None:
    made = strategy(desk)
    answer = client.post(f"{URL}{made.id}/run-now/")
    assert answer.status_code == 202, answer.data
    assert (answer.data["cause"], answer.data["known"], answer.data["unknown"]) == ("manual", 0, 1)
    assert client.get(f"{URL}{made.id}/runs/").data["count"] == 1
    (signal,) = client.get(f"{URL}{made.id}/signals/").data["results"]
    assert (signal["state"], signal["side"]) == ("unknown", None)
    assert client.get(f"{URL}{made.id}/").data["status"] == "unknown"


def test_types_describe_every_parameter(client: APIClient) -> None:
    types = client.get(f"{URL}types/").data
    assert [kind["key"] for kind in types["strategies"]][:2] == ["momentum", "ma_cross"]
    assert types["strategies"][0]["schema"][0] == {
        "name": "lookback", "label": "Look-back, bars", "kind": "integer", "default": 126, "least": "2",
        "above": None, "most": "1000", "choices": [], "help": "",
    }  # fmt: skip
    assert {sizing["kind"] for sizing in types["sizings"]} == {
        "fixed_fraction", "percent_risk", "volatility_target", "kelly",
    }  # fmt: skip
