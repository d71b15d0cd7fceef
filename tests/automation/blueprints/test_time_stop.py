from __future__ import annotations

from dataclasses import replace

from automation.blueprints.time_stop import TIME_STOP
from tests.automation.blueprints.facts import AAPL, drafts, refused, sessions


def test_before_the_close_of_the_nth_coming_session() -> None:
    stock = replace(AAPL, sessions=sessions(6))
    (rule,) = drafts(TIME_STOP, stock, symbol="AAPL", days="5")
    assert rule["trigger_params"] == {"time": "close-10m"}
    assert rule["valid_from"] == sessions(6)[5].opens_at.isoformat()  # the one in progress is not counted
    assert rule["percent_of_position"] == "100"


def test_what_cannot_be() -> None:
    stock = replace(AAPL, sessions=sessions(6))
    assert "calendar" in refused(TIME_STOP, stock, symbol="AAPL", days=6)["days"]
    assert set(refused(TIME_STOP, stock, symbol="AAPL", days=0)) == {"days"}
    assert "is not held" in refused(TIME_STOP, symbol="MSFT")["symbol"]
