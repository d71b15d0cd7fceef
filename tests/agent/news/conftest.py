"""A desk that holds AAPL, with Alpaca keys and three articles."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from portfolios.ledger import open_position
from portfolios.models import Portfolio
from tests.fakes.alpaca import FakeNews, article
from tests.markets.news.conftest import newsroom as newsroom
from tests.markets.news.conftest import subscribe as subscribe
from tests.orders.making import D, Desk


@pytest.fixture
def informed(desk: Desk, at: datetime, newsroom: FakeNews, subscribe: object) -> FakeNews:
    """The desk holds 50 AAPL and has a source of news."""
    portfolio = Portfolio.objects.get(pk=desk.portfolio.pk)
    open_position(portfolio=portfolio, symbol="AAPL", quantity=D(50), price=D(100), at=at, now=at)
    subscribe(desk.user, at)  # type: ignore[operator]
    newsroom.articles = [
        article(1, "Apple beats estimates and raises guidance", ["AAPL"], at - timedelta(hours=3)),
        article(2, "Apple shares plunge after lawsuit", ["AAPL", "MSFT"], at - timedelta(hours=2)),
        article(3, "Apple to hold its meeting in March", ["AAPL", "ZZZZ"], at - timedelta(hours=1)),
    ]
    return newsroom
