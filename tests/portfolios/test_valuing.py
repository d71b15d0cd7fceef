"""What a portfolio is worth, and what it was worth when the day began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from portfolios.ledger import book_fills, deposit, open_position, withdraw
from portfolios.models import EquityPoint, Portfolio
from portfolios.valuing import day_start, value
from tests.portfolios.conftest import NOW, D, set_price
from tests.portfolios.test_ledger import fill

YESTERDAY = NOW - timedelta(days=1)


def test_positions_at_the_latest_quotes(portfolio: Portfolio, django_assert_num_queries: Any) -> None:
    book_fills(portfolio=portfolio, fills=[fill("1"), fill("2", symbol="MSFT", quantity="1.5")], now=NOW)
    set_price("AAPL", "110.005")
    set_price("MSFT", "90")
    with django_assert_num_queries(2):
        now = value(portfolio, now=NOW)
    assert now.cash == 98_850
    aapl, msft = now.positions["AAPL"], now.positions["MSFT"]
    assert (aapl.quantity, aapl.price, aapl.value, aapl.cost, aapl.unrealised) == (
        10,
        D("110.005"),
        D("1100.05"),
        1000,
        D("100.05"),
    )
    assert (msft.value, msft.unrealised, msft.as_of) == (135, -15, NOW)
    assert now.equity == now.peak_equity == D("100085.05")
    assert now.day_start_equity == 100_000
    assert now.day_pnl == D("85.05")


def test_a_holding_without_a_price_has_no_worth_and_nor_has_the_portfolio(portfolio: Portfolio) -> None:
    book_fills(portfolio=portfolio, fills=[fill("1")], now=NOW)
    now = value(portfolio, now=NOW)
    assert now.equity is None
    assert now.day_pnl is None
    assert now.unpriced == ("AAPL",)
    assert now.positions["AAPL"].value is None


def test_the_day_begins_with_the_last_point_before_it(portfolio: Portfolio) -> None:
    for at, equity in ((YESTERDAY, 104_000), (day_start(NOW) - timedelta(minutes=1), 103_000), (NOW, 101_000)):
        EquityPoint.objects.create(portfolio=portfolio, at=at, equity=equity, cash=0)
    # The deposit of the fixture was booked today, after that point: it came on top.
    now = value(portfolio, now=NOW)
    assert now.day_start_equity == 203_000
    withdraw(portfolio=portfolio, amount=D(1000), now=NOW)
    deposit(portfolio=portfolio, amount=D(500), now=NOW)
    now = value(portfolio, now=NOW)
    assert now.day_start_equity == 202_500
    assert now.day_pnl == 99_500 - 202_500


def test_positions_brought_in_are_no_gain_of_the_day(portfolio: Portfolio) -> None:
    set_price("AAPL", "80")
    open_position(
        portfolio=portfolio, symbol="AAPL", quantity=D(10), price=D(100), at=NOW - timedelta(days=300), now=NOW
    )
    now = value(portfolio, now=NOW)
    assert now.day_pnl == 0
    assert now.positions["AAPL"].unrealised == -200


def test_the_day_is_new_yorks() -> None:
    assert day_start(datetime(2026, 7, 2, 3, 59, tzinfo=UTC)) == datetime(2026, 7, 1, 4, tzinfo=UTC)
    assert day_start(datetime(2026, 11, 20, 15, tzinfo=UTC)) == datetime(2026, 11, 20, 5, tzinfo=UTC)
