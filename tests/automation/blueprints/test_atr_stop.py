from __future__ import annotations

from dataclasses import replace

import pytest

from automation.blueprints.atr_stop import ATR_STOP
from automation.blueprints.base import Stock
from tests.automation.blueprints.facts import AAPL, D, days, drafts, refused


@pytest.mark.parametrize(
    ("raw", "threshold"),
    [
        ({}, "94"),
        ({"multiple": "2.5"}, "95"),
        ({"multiple": "0.001"}, "99.99"),
        ({"multiple": "2", "from": "cost"}, "76"),
    ],
)
def test_a_fixed_level_is_so_many_ranges_below(raw, threshold) -> None:
    (rule,) = drafts(ATR_STOP, symbol="aapl", **raw)
    assert (rule["trigger_type"], rule["trigger_params"]) == ("price_below", {"threshold": threshold})
    assert (rule["action_type"], rule["percent_of_position"]) == ("SELL", "100")


def test_a_chandelier_hangs_from_the_highest_price_by_an_amount() -> None:
    (rule,) = drafts(ATR_STOP, symbol="AAPL", multiple="1.2345", kind="chandelier")
    assert (rule["name"], rule["trigger_type"]) == ("Chandelier AAPL", "trailing_stop")
    assert rule["trigger_params"] == {"amount": "2.47"}


def test_what_cannot_be() -> None:
    young = replace(AAPL, daily=days(14))
    assert "14 closed daily bars: ATR(14) needs 15" in refused(ATR_STOP, young, symbol="AAPL")["symbol"]
    still = replace(AAPL, daily=days(30, swing="0"))
    assert "in which the price moved" in refused(ATR_STOP, still, symbol="AAPL")["symbol"]
    wild = replace(AAPL, daily=days(30, swing="40"))
    assert "3 x ATR is $120 and the price $100" in refused(ATR_STOP, wild, symbol="AAPL")["multiple"]
    assert (
        "price is not known"
        in refused(ATR_STOP, Stock(symbol="AAPL", held=D(1), daily=days(30)), symbol="AAPL")["symbol"]
    )
    assert (
        "hangs from the highest price"
        in refused(ATR_STOP, symbol="AAPL", kind="chandelier", **{"from": "cost"})["from"]
    )
    assert set(refused(ATR_STOP, symbol="AAPL", period="1", multiple="0", kind="round")) == {
        "period", "multiple", "kind",
    }  # fmt: skip
