from __future__ import annotations

from automation.blueprints.base import Stock
from automation.blueprints.trailing_stops import TRAILING_STOPS
from tests.automation.blueprints.facts import AAPL, MSFT, D, drafts, refused

NVDA = Stock(symbol="NVDA", held=D(5))


def test_one_stop_for_each_holding_and_for_nothing_else() -> None:
    made = drafts(TRAILING_STOPS, NVDA, MSFT, AAPL, percent="7.5")
    assert [rule["symbol"] for rule in made] == ["AAPL", "NVDA"]
    assert made[0]["trigger_params"] == {"percent": "7.5"}
    assert {rule["percent_of_position"] for rule in made} == {"100"}


def test_only_some() -> None:
    for given in ("nvda", ["NVDA", "nvda "], " ,NVDA,"):
        assert [rule["symbol"] for rule in drafts(TRAILING_STOPS, NVDA, AAPL, symbols=given)] == ["NVDA"]


def test_what_cannot_be() -> None:
    assert "'MSFT' is not held" in refused(TRAILING_STOPS, AAPL, MSFT, symbols="MSFT")["symbols"]
    assert "holds nothing" in refused(TRAILING_STOPS, MSFT)["symbols"]
    assert set(refused(TRAILING_STOPS, percent="100", colour="x")) == {"percent", "colour"}
    assert "symbols" in refused(TRAILING_STOPS, symbols=5)
    assert "symbols" in refused(TRAILING_STOPS, symbols=[5])
