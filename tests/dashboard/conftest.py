from __future__ import annotations

import pytest
from django.test import Client

from common.clock import now
from tests.dashboard.making import signed_in
from tests.orders.making import SYMBOLS, Desk, open_desk, open_market, quote


@pytest.fixture
def market(db: None) -> None:
    open_market(day=now().date())
    for symbol in SYMBOLS:
        quote(symbol, "100", at=now())


@pytest.fixture
def desk(market: None) -> Desk:
    return open_desk("ada", now=now())


@pytest.fixture
def other(market: None) -> Desk:
    return open_desk("bob", now=now())


@pytest.fixture
def site(desk: Desk) -> Client:
    return signed_in(desk)
