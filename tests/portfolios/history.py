"""Real closes for tests of statistics: the vendored history of five stocks, unadjusted for re-dating."""

from __future__ import annotations

from datetime import date

from markets.bars import day_start, keep_bars
from markets.demo_history import real_days, weekdays_until
from markets.types import BarRow
from tests.portfolios.conftest import D

TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
LAST = date(2026, 11, 19)  # the session before tests.portfolios.conftest.NOW


def closes(ticker: str, count: int) -> list[float]:
    """The last `count` closes, in dollars and cents."""
    return [round(day.close, 2) for day in real_days()[ticker][-count:]]


def store_history(symbol: str, prices: list[float], last: date = LAST) -> list[date]:
    """Daily bars of these closes on consecutive weekdays up to `last`. Returns the dates."""
    dates = weekdays_until(last, len(prices))
    rows = []
    for day, close in zip(dates, prices, strict=True):
        price = D(f"{close:.2f}")
        rows.append(
            BarRow(
                symbol=symbol,
                timeframe="1d",
                at=day_start(day),
                open=price,
                high=price,
                low=price,
                close=price,
                volume=D(1000),
                source="test",
            )
        )
    keep_bars(rows)
    return dates
