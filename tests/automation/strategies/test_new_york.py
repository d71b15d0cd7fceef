"""A daily strategy on a market that closes: its orders wait for the next open."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from automation.strategies import sweeping
from markets.models import Bar
from orders.models import Order
from tests.automation.new_york import CLOSE, OPEN, SYMBOL, open_new_york, sessions_until
from tests.automation.strategies.making import QUICK, carry_out, judge, signals, standing, trading
from tests.orders.making import Desk, quote

SECOND = timedelta(seconds=1)


@pytest.fixture
def new_york(desk: Desk) -> Desk:
    open_new_york()
    return desk


def bars(closes: list[int], *, last: date = date(2026, 11, 19), without: int | None = None) -> None:
    for number, (close, day) in enumerate(zip(closes, sessions_until(last, len(closes)), strict=True)):
        if number != without:
            price = Decimal(close)
            Bar.objects.create(
                instrument_id=SYMBOL, timeframe="1d", at=datetime(day.year, day.month, day.day, tzinfo=UTC),
                open=price, high=price, low=price, close=price, source="test",
            )  # fmt: skip


def test_a_signal_at_the_close_is_an_order_at_the_open(new_york: Desk) -> None:
    bars([100 + n for n in range(8)])
    made = trading(new_york, symbols=[SYMBOL], params=QUICK, now=CLOSE - timedelta(hours=1))
    judge(made, at=CLOSE + 30 * SECOND)
    (signal,) = signals(made)
    assert (signal.closed_at, signal.act_from, signal.expires_at) == (CLOSE, OPEN, OPEN + timedelta(minutes=15))
    quote(SYMBOL, "107", at=CLOSE + 31 * SECOND)
    sweeping.sweep(CLOSE + 31 * SECOND)
    assert not Order.objects.exists()
    carry_out(at=OPEN + 2 * SECOND, SPY="108")
    order = Order.objects.get()
    assert (order.state, order.expires_at) == ("filled", OPEN + timedelta(minutes=15))
    assert order.reason_code == ""
    assert standing(made, SYMBOL).applied == Decimal("0.04")


def test_a_late_bar_is_waited_for_half_an_hour(new_york: Desk) -> None:
    bars([100 + n for n in range(7)], last=date(2026, 11, 18))
    made = trading(new_york, symbols=[SYMBOL], params=QUICK, now=CLOSE - timedelta(hours=1))
    assert judge(made, at=CLOSE + timedelta(minutes=29)) is None
    bars([107])
    assert judge(made, at=CLOSE + timedelta(minutes=29, seconds=30)).changed == 1


def test_a_session_without_a_bar_is_a_gap(new_york: Desk) -> None:
    bars([100 + n for n in range(8)], without=5)  # the 17th
    made = trading(new_york, symbols=[SYMBOL], params=QUICK, now=CLOSE - timedelta(hours=1))
    run = judge(made, at=CLOSE + 30 * SECOND)
    assert (run.known, run.unknown) == (0, 1)
    assert "its bar of 2026-11-17 is missing" in run.note
    carry_out(at=OPEN + 2 * SECOND, SPY="108")
    assert not Order.objects.exists()
