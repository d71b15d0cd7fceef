"""Two desks on a market that never closes."""

from __future__ import annotations

import pytest

from tests.orders.making import SYMBOLS, Desk, open_desk, open_market, quote


@pytest.fixture
def market(db: None) -> None:
    open_market()
    for symbol in SYMBOLS:
        quote(symbol, "100")


@pytest.fixture
def desk(market: None) -> Desk:
    return open_desk("ada")


@pytest.fixture
def other(market: None) -> Desk:
    return open_desk("bob")
