from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from common.errors import InvalidInput
from markets.bars import keep_bars
from markets.quoting import record_ticks
from markets.selectors import bars, daily_closes, daily_closes_of, last_bars_of, latest_quotes
from markets.types import BarRow
from tests.markets.conftest import NOW


def put(symbol, timeframe, at, price, high=None, low=None, volume=1):
    price = Decimal(price)
    keep_bars(
        [
            BarRow(symbol=symbol, timeframe=timeframe, at=at, open=price, high=Decimal(high or price),
                   low=Decimal(low or price), close=price, volume=Decimal(volume))
        ]
    )  # fmt: skip


@pytest.fixture
def closes(stocks):
    for day in range(1, 6):
        put("AAPL", "1d", datetime(2026, 11, day, tzinfo=UTC), 100 + day)


def test_daily_closes_are_old_to_new_decimals(closes):
    assert daily_closes("AAPL", 3) == [103, 104, 105]
    assert all(isinstance(close, Decimal) for close in daily_closes("AAPL", 3))
    assert daily_closes("AAPL", 2, date(2026, 11, 4)) == [102, 103]
    assert daily_closes("SPY", 3) == []


def test_many_symbols_cost_one_query(closes, django_assert_num_queries):
    put("SPY", "1d", datetime(2026, 11, 2, tzinfo=UTC), 7)
    with django_assert_num_queries(1):
        assert daily_closes_of(["AAPL", "SPY"], 2) == {"AAPL": [104, 105], "SPY": [7]}


def test_bars_are_the_newest_in_the_range(closes):
    start, end = datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 11, 5, tzinfo=UTC)
    assert [bar.close for bar in bars("AAPL", "1d", start, end)] == [102, 103, 104]
    assert [bar.close for bar in bars("AAPL", "1d", start, end, limit=2)] == [103, 104]


def test_coarse_bars_are_made_of_minutes(stocks):
    for minute, price in enumerate((10, 12, 9, 11, 10, 20)):
        put("AAPL", "1m", NOW + timedelta(minutes=minute), price, high=price + 1, low=price - 1, volume=2)
    made = bars("AAPL", "5m", NOW, NOW + timedelta(hours=1))
    assert [(b.at, b.open, b.high, b.low, b.close, b.volume) for b in made] == [
        (NOW, 10, 13, 8, 10, 10),
        (NOW + timedelta(minutes=5), 20, 21, 19, 20, 2),
    ]


@pytest.mark.parametrize(
    ("timeframe", "limit", "field"), [("3m", 10, "timeframe"), ("1d", 0, "limit"), ("1d", 10_001, "limit")]
)
def test_bad_arguments_are_named(stocks, timeframe, limit, field):
    with pytest.raises(InvalidInput) as caught:
        bars("AAPL", timeframe, NOW, NOW, limit)
    assert list(caught.value.errors) == [field]


def test_latest_quotes_brings_the_instruments_along(stocks, tick, django_assert_num_queries):
    record_ticks(ticks=[tick("100"), tick("5", symbol="SPY")], now=NOW)
    with django_assert_num_queries(1):
        quotes = latest_quotes(["AAPL", "SPY", "NOPE"])
        assert {symbol: (quote.last, quote.instrument.name) for symbol, quote in quotes.items()} == {
            "AAPL": (100, "Apple Inc."), "SPY": (5, "S&P 500 ETF"),
        }  # fmt: skip


def test_the_last_bars_of_many_symbols_in_one_query(stocks, django_assert_num_queries):
    start = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
    for n in range(12):
        put("AAPL", "1m", start + timedelta(minutes=n), 100 + n, volume=10)
    put("SPY", "1m", start, 50)
    with django_assert_num_queries(1):
        found = last_bars_of(["AAPL", "SPY", "MSFT"], "1m", 2, before=start + timedelta(minutes=5))
    assert [row.close for row in found["AAPL"]] == [103, 104]
    assert [row.close for row in found["SPY"]] == [50]
    assert found["MSFT"] == []
    with django_assert_num_queries(1):
        coarse = last_bars_of(["AAPL"], "5m", 5, before=start + timedelta(minutes=10))["AAPL"]
    assert [(row.at, row.open, row.high, row.close, row.volume) for row in coarse] == [
        (start, 100, 104, 104, 50),
        (start + timedelta(minutes=5), 105, 109, 109, 50),
    ]
    assert coarse == bars("AAPL", "5m", start, start + timedelta(minutes=10))
