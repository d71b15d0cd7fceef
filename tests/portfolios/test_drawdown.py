"""How far below its peak a portfolio is."""

from __future__ import annotations

from accounts.models import User
from portfolios.curve import record_equity
from portfolios.drawdown import drawdowns
from portfolios.ledger import book_fills, deposit
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio
from tests.portfolios.conftest import NOW, D, set_price
from tests.portfolios.test_ledger import fill


def down(portfolio: Portfolio) -> object:
    return drawdowns([portfolio.pk]).get(portfolio.pk)


def test_it_is_measured_from_the_highest_equity(portfolio: Portfolio) -> None:
    set_price("AAPL", "100")
    book_fills(portfolio=portfolio, fills=[fill("1", quantity="500")], now=NOW)
    assert down(portfolio) == 0
    set_price("AAPL", "200")
    assert down(portfolio) == 0  # a new peak, not recorded yet
    record_equity(NOW)
    set_price("AAPL", "150")
    assert down(portfolio) == D("16.666666667")


def test_money_paid_in_is_no_gain_and_money_of_others_is_not_counted(portfolio: Portfolio, bob: User) -> None:
    set_price("AAPL", "100")
    book_fills(portfolio=portfolio, fills=[fill("1", quantity="500")], now=NOW)
    set_price("AAPL", "80")
    assert down(portfolio) == 10
    portfolio.refresh_from_db()
    deposit(portfolio=portfolio, amount=D(90_000), now=NOW)
    assert down(portfolio) == 10
    other = open_portfolio(user=bob, name="Main", cash=D(5), now=NOW)
    assert drawdowns([portfolio.pk, other.pk]) == {portfolio.pk: 10, other.pk: 0}


def test_it_is_unknown_without_a_price_and_for_what_never_was_worth_anything(portfolio: Portfolio, bob: User) -> None:
    book_fills(portfolio=portfolio, fills=[fill("1")], now=NOW)
    empty = open_portfolio(user=bob, name="Empty", cash=D(0), now=NOW)
    assert drawdowns([portfolio.pk, empty.pk]) == {}
