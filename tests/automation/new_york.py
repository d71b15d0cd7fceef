"""A symbol on a market that closes: New York, three days of November 2026 (14:30 to 21:00 UTC)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from markets import calendar
from markets.models import Instrument, MarketSession

SYMBOL = "SPY"
CLOSE = datetime(2026, 11, 19, 21, 0, tzinfo=UTC)  # Thursday's
OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)  # Friday's
DAYS = [date(2026, 10, 19) + timedelta(days=n) for n in range(50)]


def open_new_york() -> None:
    """Sessions on weekdays, and a symbol that trades in them."""
    calendar.ensure_exchanges()
    MarketSession.objects.bulk_create(
        MarketSession(
            exchange_id=calendar.XNYS,
            date=day,
            opens_at=datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC),
            closes_at=datetime(day.year, day.month, day.day, 21, 0, tzinfo=UTC),
        )
        for day in DAYS
        if day.weekday() < 5
    )
    calendar.forget()
    Instrument.objects.create(symbol=SYMBOL, name="S&P 500", exchange_id=calendar.XNYS)


def sessions_until(last: date, count: int) -> list[date]:
    """The `count` weekdays that end with `last`."""
    return [day for day in DAYS if day.weekday() < 5 and day <= last][-count:]
