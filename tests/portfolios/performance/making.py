"""An account with a past: deposits, purchases, a sale, and the curve that real closes draw."""

from __future__ import annotations

from datetime import date, datetime, time

from accounts.models import User
from markets.demo_history import weekdays_until
from portfolios.ledger import book_fills, deposit, withdraw
from portfolios.lots import EXCHANGE_ZONE
from portfolios.models import EquityPoint, LedgerEntry, Portfolio
from portfolios.opening import open_portfolio
from tests.portfolios.conftest import D, make_instruments, set_price
from tests.portfolios.history import LAST, closes, store_history
from tests.portfolios.test_ledger import fill

COUNT = 400  # sessions of stored closes
HELD = 300  # sessions of the account


def at(day: date, hour: int = 16) -> datetime:
    """An hour of New York."""
    return datetime.combine(day, time(hour), EXCHANGE_ZONE)


def point(portfolio: Portfolio, when: datetime, equity: object) -> None:
    EquityPoint.objects.create(portfolio=portfolio, at=when, equity=D(str(equity)), cash=0)


def days() -> list[date]:
    """The sessions of the account."""
    return weekdays_until(LAST, HELD)


def make_past(user: User) -> Portfolio:
    """$100,000 at the start, 100 shares of AAPL and 500 of MSFT bought the next day, 50 AAPL sold after 100 sessions,
    $5,000 in after 200, $1,000 out after 250; a dividend of $120 after 150. One point at each close."""
    make_instruments("AAPL", "MSFT", "SPY")
    for ticker in ("AAPL", "MSFT"):
        store_history(ticker, closes(ticker, COUNT))
        set_price(ticker, f"{closes(ticker, 1)[0]:.2f}", at(LAST))
    store_history("SPY", closes("IBM", COUNT))
    sessions = days()
    portfolio = open_portfolio(user=user, name="Main", cash=D(100_000), now=at(sessions[0], 10))
    prices = {ticker: [D(f"{price:.2f}") for price in closes(ticker, HELD)] for ticker in ("AAPL", "MSFT")}
    shares, cash = {"AAPL": D(0), "MSFT": D(0)}, D(100_000)
    for number, day in enumerate(sessions):
        noon = at(day, 12)
        if number == 1:
            bought = [("AAPL", 100), ("MSFT", 500)]
            fills = [
                fill(f"b-{s}", symbol=s, quantity=str(n), price=str(prices[s][1]), fee=D(1), at=noon) for s, n in bought
            ]
            book_fills(portfolio=portfolio, fills=fills, now=noon)
            for symbol, quantity in bought:
                shares[symbol] += quantity
                cash -= quantity * prices[symbol][1] + 1
        elif number == 100:
            sale = fill("s", "sell", "50", str(prices["AAPL"][100]), at=noon)
            book_fills(portfolio=portfolio, fills=[sale], now=noon)
            shares["AAPL"] -= 50
            cash += 50 * prices["AAPL"][100]
        elif number == 150:
            book_dividend(portfolio, noon)
            cash += 120
        elif number == 200:
            deposit(portfolio=portfolio, amount=D(5000), now=at(day, 8))
            cash += 5000
        elif number == 250:
            withdraw(portfolio=portfolio, amount=D(1000), now=at(day, 8))
            cash -= 1000
        point(portfolio, at(day), cash + sum(shares[s] * prices[s][number] for s in shares))
    return Portfolio.objects.get(pk=portfolio.pk)


def book_dividend(portfolio: Portfolio, when: datetime) -> None:
    LedgerEntry.objects.create(
        portfolio=portfolio,
        kind=LedgerEntry.Kind.DIVIDEND,
        at=when,
        instrument_id="MSFT",
        amount=120,
        source_kind="dividend",
        source_id="d",
    )
    Portfolio.objects.filter(pk=portfolio.pk).update(cash=Portfolio.objects.get(pk=portfolio.pk).cash + 120)
    portfolio.refresh_from_db()
