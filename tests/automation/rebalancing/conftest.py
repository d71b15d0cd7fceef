"""A desk on a market that never closes."""

from __future__ import annotations

import pytest

from tests.orders.making import SYMBOLS, Desk, open_desk, open_market, quote


@pytest.fixture
def desk(db: None) -> Desk:
    open_market()
    for symbol in SYMBOLS:
        quote(symbol, "100")
    return open_desk("ada")
