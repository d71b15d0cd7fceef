from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from accounts.models import User
from markets.models import Exchange, Instrument, Quote
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
D = Decimal


def set_price(symbol: str, price: str, at: datetime = NOW) -> None:
    """Make `price` the standing quote of `symbol`."""
    last = D(price)
    values = {"last": last, "low": last, "high": last, "range_since": at, "at": at, "received_at": at, "source": "test"}
    Quote.objects.update_or_create(instrument_id=symbol, defaults=values)


def make_instruments(*symbols: str) -> None:
    exchange, _ = Exchange.objects.get_or_create(code="XNYS", defaults={"name": "New York"})
    for symbol in symbols:
        Instrument.objects.get_or_create(symbol=symbol, defaults={"name": symbol, "exchange": exchange})


@pytest.fixture
def instruments(db: None) -> None:
    make_instruments("AAPL", "MSFT")


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", password="correct horse battery")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password="staple staple staple")


@pytest.fixture
def portfolio(ann: User, instruments: None) -> Portfolio:
    """$100,000 in cash."""
    return open_portfolio(user=ann, name="Main", cash=D(100_000), now=NOW, primary=True)
