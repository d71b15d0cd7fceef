from __future__ import annotations

import pytest

from automation.blueprints.base import Stock
from automation.blueprints.stop_loss import STOP_LOSS
from tests.automation.blueprints.facts import D, drafts, refused


@pytest.mark.parametrize(
    ("raw", "threshold"),
    [({}, "90"), ({"percent": "3.3"}, "96.7"), ({"from": "cost"}, "72"), ({"percent": "0.001"}, "99.99")],
)
def test_the_level_is_below_by_so_much_and_to_the_cent(raw, threshold) -> None:
    (rule,) = drafts(STOP_LOSS, symbol="aapl", **raw)
    assert rule["trigger_params"] == {"threshold": threshold}
    assert (rule["action_type"], rule["percent_of_position"]) == ("SELL", "100")


def test_below_a_dollar_it_is_finer_and_never_zero() -> None:
    penny = Stock(symbol="PENNY", held=D(1), last=D("0.5"))
    assert drafts(STOP_LOSS, penny, symbol="PENNY", percent="5")[0]["trigger_params"] == {"threshold": "0.475"}
    dust = Stock(symbol="PENNY", held=D(1), last=D("0.0001"))
    assert drafts(STOP_LOSS, dust, symbol="PENNY", percent="99")[0]["trigger_params"] == {"threshold": "0.0001"}


def test_what_cannot_be() -> None:
    assert "is not held" in refused(STOP_LOSS, symbol="MSFT")["symbol"]
    assert "not a known symbol" in refused(STOP_LOSS, symbol="NOPE")["symbol"]
    assert "price is not known" in refused(STOP_LOSS, Stock(symbol="AAPL", held=D(1)), symbol="AAPL")["symbol"]
    assert set(refused(STOP_LOSS, percent="0")) == {"symbol", "percent"}
