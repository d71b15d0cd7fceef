"""A market scan finds what moved, what is near to firing, and what has no price."""

from __future__ import annotations

from datetime import timedelta

import pytest

from automation.jobs.market_scan import MARKET_SCAN
from automation.strategies.models import StrategyRun
from automation.triggers.base import BadParams
from markets import watchlists
from markets.models import Quote
from tests.automation.jobs.making import run
from tests.automation.making import hold, rule
from tests.automation.strategies.making import SOON, UP, daily, open_days, strategy
from tests.orders.making import NOW, D

pytestmark = pytest.mark.django_db


def moved(symbol: str, previous: str) -> None:
    Quote.objects.filter(instrument=symbol).update(prev_close=D(previous))


def test_it_looks_at_what_is_watched_held_or_ruled(desk, other):
    watchlists.add(user=desk.user, symbol="AAPL")
    hold(desk, "MSFT")
    near = rule(desk, symbol="NVDA", trigger_params={"threshold": "99"})
    rule(desk, symbol="NVDA", trigger_params={"threshold": "90"})
    rule(other, symbol="TSLA", trigger_params={"threshold": "99"})
    moved("AAPL", "90")
    moved("MSFT", "125")
    found = run(desk, "market_scan")
    assert found.result["symbols"] == 3
    assert found.result["movers"][:2] == [
        {"symbol": "MSFT", "last": "100", "change_percent": "-20"},
        {"symbol": "AAPL", "last": "100", "change_percent": "11.11"},
    ]
    assert [one["distance_percent"] for one in found.result["nearest"]] == ["1", "10"]
    assert found.result["nearest"][0]["action"] == str(near.pk)
    assert found.summary == "3 symbols; MSFT moved most (-20 %); a rule about NVDA is 1 % from firing."


def test_stale_prices_are_told_and_do_not_count_as_moves(desk):
    moved("AAPL", "50")
    found = run(desk, "market_scan", now=NOW + timedelta(days=1), symbols=["AAPL", "NONE"])
    assert {one["symbol"] for one in found.result["stale"]} == {"AAPL", "NONE"}
    assert found.result["movers"] == []
    assert found.summary == "2 symbols; 2 without a usable price."


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"symbols": "AAPL"}, "is not a list of symbols"),
        ({"symbols": [5]}, "is not a list of symbols"),
        ({"symbols": ["A\x00"]}, "is not a symbol"),
        ({"symbols": [f"S{n}" for n in range(501)]}, "at most 500 are scanned"),
        ({"movers": 21}, "is not a whole number from 1 to 20"),
    ],
)
def test_bad_settings_say_value_and_fix(raw, told):
    with pytest.raises(BadParams, match=told):
        MARKET_SCAN.parse(raw)


def test_symbols_are_written_in_capitals_once():
    assert MARKET_SCAN.parse({"symbols": ["aapl", " AAPL ", "msft"]})["symbols"] == ["AAPL", "MSFT"]


def test_it_runs_the_users_strategies_once_per_bar(desk, other):
    open_days()
    daily("AAPL", UP)
    strategy(desk, name="Mine", now=SOON)
    strategy(other, name="Theirs", now=SOON)
    found = run(desk, "market_scan", now=SOON)
    (one,) = found.result["strategies"]
    assert (one["name"], one["known"], one["unknown"]) == ("Mine", 1, 0)
    (judged,) = StrategyRun.objects.all()
    assert (judged.strategy.name, judged.cause) == ("Mine", "job")
    again = run(desk, "market_scan", now=SOON)
    assert again.result["strategies"] == found.result["strategies"]
    assert StrategyRun.objects.count() == 1
    assert run(desk, "market_scan", now=SOON, strategies=False).result["strategies"] == []
