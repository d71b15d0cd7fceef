from __future__ import annotations

from automation.blueprints.buy_the_dip import BUY_THE_DIP
from tests.automation.blueprints.facts import drafts, refused


def test_a_change_from_a_base_at_most_once_a_day() -> None:
    (rule,) = drafts(BUY_THE_DIP, symbol="MSFT", amount_usd="500", percent="4", window="5d", times="2")
    assert rule["trigger_params"] == {"change": "4", "direction": "down", "window": "5d"}
    assert (rule["amount_usd"], rule["max_executions"], rule["cooldown_seconds"]) == ("500", 2, 86_400)


def test_what_cannot_be() -> None:
    assert set(refused(BUY_THE_DIP, symbol="MSFT")) == {"amount_usd"}
    assert set(refused(BUY_THE_DIP, symbol="MSFT", amount_usd="0.001", window="2w")) == {"amount_usd", "window"}
    assert "not a known symbol" in refused(BUY_THE_DIP, symbol="NOPE", amount_usd="5")["symbol"]
