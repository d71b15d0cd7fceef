"""Rules that have shown something, for tests of evidence and promotion."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from automation.models import Action, ShadowTrade
from common.ids import new_id
from markets import calendar
from markets.bars import keep_bars
from markets.models import MarketSession
from markets.types import BarRow
from tests.automation.making import rule
from tests.orders.making import NOW, Desk, quote

DAY = timedelta(days=1)
WEEK = 7 * DAY


def watched_rule(
    desk: Desk,
    *,
    prices: tuple[str, ...] = ("90", "89", "88"),
    last: str = "100",
    gaps: bool = False,
    days: int = 7,
    **changes: Any,
) -> Action:
    """A rule in monitor since `days` days before NOW that fired at `prices` and traded 10 shares at each.

    The symbol stands at `last` now; there are minute bars for the whole time, unless `gaps`.
    """
    begin = NOW - days * DAY
    for start in range(-days - 2, 3):
        sessions = calendar.demo_sessions((NOW + start * DAY).date(), (NOW + start * DAY).date())
        MarketSession.objects.bulk_create(sessions, ignore_conflicts=True)
    calendar.forget()
    values: dict[str, Any] = {"mode": "monitor", "max_executions": None, "trigger_params": {"threshold": "50"}}
    action = rule(desk, now=begin, **{**values, **changes})
    Action.objects.filter(pk=action.pk).update(created_at=begin)
    for number, price in enumerate(prices):
        fire_in_shadow(action, price, hours=number + 1)
    if not gaps:
        every_ten_minutes(days)
    quote("AAPL", last, at=NOW)
    action.refresh_from_db()
    return action


def fire_in_shadow(action: Action, price: str, *, hours: int, came: str = "traded", state: str = "succeeded") -> None:
    at = action.created_at + timedelta(hours=hours)
    execution = action.executions.create(
        epoch=1000 + hours,
        state=state,
        triggered_at=at,
        expires_at=at,
        finished_at=at,
        details={"shadow": came} if came else {},
        trace_id=new_id(),
    )
    if came == "traded":
        ShadowTrade.objects.create(
            execution=execution,
            action=action,
            instrument_id="AAPL",
            side=action.action_type.lower(),
            quantity=Decimal(10),
            price=Decimal(price),
            fee=Decimal(1),
            at=at,
        )


def every_ten_minutes(days: int) -> None:
    """Minute bars close enough to each other to be no gap, at 95."""
    prices = dict.fromkeys(("open", "high", "low", "close"), Decimal(95))
    times = [NOW - number * timedelta(minutes=10) for number in range(days * 144 + 1)]
    keep_bars([BarRow(symbol="AAPL", timeframe="1m", at=at, source="test", **prices) for at in times])
