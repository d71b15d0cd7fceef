"""What the tests of other projects' bugs share."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from automation import lifecycle
from automation.models import Action
from markets import calendar
from markets.models import Quote
from markets.types import Tick
from portfolios.models import Holding
from tests.automation.making import D
from tests.orders.making import NOW

DAY = timedelta(days=1)
ABOVE = {"trigger_type": "price_above", "trigger_params": {"threshold": "110"}}
TRAIL = {"trigger_type": "trailing_stop", "trigger_params": {"percent": "10"}}


def restart() -> None:
    """Everything that could have been remembered outside the database is gone."""
    calendar.forget()
    connection.ensure_connection()
    Quote.objects.update(dirty=True)  # a feed that comes back shows the standing prices again


def tick(price: str, *, at: datetime = NOW, **changes) -> Tick:
    whole = Tick(symbol="AAPL", price=D(price), at=at, source="test", volume=D(1000), session_date=at.date())
    return replace(whole, **changes)


def held(desk, symbol: str = "AAPL") -> Decimal:
    found = Holding.objects.filter(portfolio=desk.portfolio, instrument=symbol).first()
    return found.quantity if found else D(0)


def edit(desk, action: Action, *, now: datetime = NOW, **changes) -> Action:
    return lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, now=now, actor="ada")
