"""Markets: exchanges, two instruments, and a calendar that remembers nothing of other tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from markets import calendar
from markets.models import Instrument
from markets.types import Tick

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday, 10:00 in New York
TODAY = date(2026, 11, 20)


@pytest.fixture(autouse=True)
def _fresh_calendar() -> Iterator[None]:
    calendar.forget()
    yield
    calendar.forget()


@pytest.fixture
def stocks(db: None) -> dict[str, Instrument]:
    """AAPL and SPY on the demo exchange."""
    calendar.ensure_exchanges()
    return {
        symbol: Instrument.objects.create(
            symbol=symbol, name=name, aliases=aliases, exchange_id="DEMO", demo=True, data_label="simulated"
        )
        for symbol, name, aliases in (("AAPL", "Apple Inc.", ["apple"]), ("SPY", "S&P 500 ETF", ["s&p 500"]))
    }


@pytest.fixture
def tick() -> Callable[..., Tick]:
    def make(price: str | Decimal = "100", **changes: Any) -> Tick:
        values: dict[str, Any] = {"symbol": "AAPL", "at": NOW, "source": "test", "session_date": TODAY, **changes}
        return Tick(price=Decimal(price), **values)

    return make


@pytest.fixture
def user(db: None) -> Any:
    return get_user_model().objects.create_user("ada", password="a-long-password-1")


@pytest.fixture
def other_user(db: None) -> Any:
    return get_user_model().objects.create_user("bob", password="a-long-password-2")
