"""A desk on a demo market with forty days of sessions."""

from __future__ import annotations

import pytest

from tests.automation.strategies.making import open_days
from tests.orders.making import Desk, open_desk, open_market


@pytest.fixture
def desk(db: None) -> Desk:
    open_market()
    open_days()
    return open_desk("ada")


@pytest.fixture
def other(desk: Desk) -> Desk:
    return open_desk("bob")
