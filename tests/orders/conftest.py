"""A desk per test."""

import pytest

from tests.orders.making import SYMBOLS, Desk, open_desk, open_market, quote


@pytest.fixture
def market(db):
    open_market()
    for symbol in SYMBOLS:
        quote(symbol, "100")


@pytest.fixture
def desk(market) -> Desk:
    return open_desk("ada")


@pytest.fixture
def other(market) -> Desk:
    return open_desk("bob")
