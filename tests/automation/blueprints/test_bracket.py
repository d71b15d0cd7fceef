from __future__ import annotations

from automation.blueprints.bracket import BRACKET
from tests.automation.blueprints.facts import drafts, refused


def test_target_and_stop_in_one_group() -> None:
    target, stop = drafts(BRACKET, symbol="AAPL", target_percent="12", stop_percent="4")
    assert (target["trigger_type"], target["trigger_params"]) == ("price_above", {"threshold": "112"})
    assert (stop["trigger_type"], stop["trigger_params"]) == ("price_below", {"threshold": "96"})
    assert target["group"] == stop["group"] == "bracket AAPL 2026-11-20 15:00:00"
    assert target["percent_of_position"] == stop["percent_of_position"] == "100"


def test_some_shares_and_from_cost() -> None:
    target, stop = drafts(BRACKET, symbol="AAPL", quantity="5", **{"from": "cost"})
    assert (target["quantity"], target["trigger_params"]["threshold"]) == ("5", "88")
    assert (stop["quantity"], stop["trigger_params"]["threshold"]) == ("5", "76")


def test_what_cannot_be() -> None:
    assert "is not held" in refused(BRACKET, symbol="MSFT")["symbol"]
    assert set(refused(BRACKET, symbol="AAPL", stop_percent="100", quantity="-1")) == {"stop_percent", "quantity"}
