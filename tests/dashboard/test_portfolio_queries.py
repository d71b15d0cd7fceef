"""The portfolio's pages ask the database as often with many rows as with few."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from agent.models import AgentRun
from common.clock import now
from portfolios.goals.changing import create_goal
from portfolios.ledger import deposit, open_position
from portfolios.models import EquityPoint
from portfolios.opening import open_portfolio
from tests.dashboard.test_portfolio import past
from tests.dashboard.test_queries import queries
from tests.orders.making import Desk

# The most a page may ask, session and user included.
MOST = {
    "/": 40,
    "/portfolio/": 28,
    "/portfolio/lots/": 16,
    "/portfolio/ledger/": 12,
    "/portfolio/ledger.csv": 6,
    "/portfolio/performance/": 36,
    "/portfolio/risk/": 34,
    "/portfolio/transfers/": 12,
    "/portfolio/import/": 12,
    "/portfolio/weights/": 12,
    "/portfolios/": 12,
}


def fill(desk: Desk, count: int, first: int) -> None:
    moment = now()
    for number in range(first, first + count):
        deposit(portfolio=desk.portfolio, amount=Decimal(1), now=moment)
        for symbol in ("AAPL", "MSFT", "NVDA"):
            open_position(
                portfolio=desk.portfolio, symbol=symbol, quantity=Decimal(1), price=Decimal(9), at=moment, now=moment
            )
        EquityPoint.objects.create(
            portfolio=desk.portfolio, at=moment - timedelta(minutes=number), equity=Decimal(100_000), cash=Decimal(1)
        )
        open_portfolio(user=desk.user, name=f"p{number}", cash=Decimal(5), now=moment)
        weights = {"AAPL": "0.5", "MSFT": "0.5"}
        create_goal(user=desk.user, data={"name": f"g{number}", "target_weights": weights}, now=moment, actor="ada")
        AgentRun.objects.create(
            user=desk.user, portfolio=desk.portfolio, trigger="manual", mode="report", provider="offline",
            state="succeeded", report={"report": {"summary": "Calm."}}, created_at=moment,
        )  # fmt: skip


@pytest.mark.parametrize("path", MOST)
def test_queries_do_not_grow_with_rows(site: Client, desk: Desk, path: str) -> None:
    past(desk, days=100)
    fill(desk, 2, first=0)
    site.get(path)  # caches and the user's policy row
    few = queries(site, path)
    fill(desk, 8, first=2)
    many = queries(site, path)
    assert many == few
    assert many <= MOST[path]
