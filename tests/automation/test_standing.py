"""The value of a closed bar stands until the next should have closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from automation.standing import stands
from markets.models import MarketSession
from tests.orders.making import NOW
from watches.models import Series

pytestmark = pytest.mark.django_db


def series(name: str, at: datetime | None, value: int | None = 1) -> Series:
    return Series(subject="AAPL", observable=name, kind="pushed", value=value, value_at=at)


@pytest.mark.parametrize(("timeframe", "minutes"), [("1m", 4), ("5m", 8), ("1h", 63)])
def test_a_bar_of_minutes_stands_for_its_length_and_three_more(timeframe, minutes):
    row = series(f"ma_cross:sma:5:20:{timeframe}", NOW)
    assert stands(row, "XNYS", NOW + timedelta(minutes=minutes))
    assert not stands(row, "XNYS", NOW + timedelta(minutes=minutes, seconds=1))


def test_a_daily_bar_stands_until_the_next_session_has_closed(desk):
    exchange = "DEMO"
    closes = [
        session.closes_at
        for session in MarketSession.objects.filter(exchange=exchange, closes_at__lte=NOW).order_by("closes_at")
    ]
    assert stands(series("rsi:14:1d", closes[-1]), exchange, NOW)
    assert not stands(series("rsi:14:1d", closes[-2]), exchange, NOW)


def test_what_has_no_timeframe_stands_as_long_as_a_quote_and_a_minute():
    row = series("drawdown", NOW)
    assert stands(row, "XNYS", NOW + timedelta(minutes=3))
    assert not stands(row, "XNYS", NOW + timedelta(minutes=4))


def test_what_was_never_known_does_not_stand():
    assert not stands(series("bar_volume:1m", None), "XNYS", datetime.now(UTC))
    assert not stands(series("bar_volume:1m", NOW, None), "XNYS", NOW)
