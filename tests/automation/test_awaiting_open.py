"""Rules on daily bars fire when the market has just closed: their orders wait for the next open, and no longer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from automation import executing, lifecycle, observing, sweeping
from automation.models import Action
from automation.why import why_not
from markets.models import Bar
from orders.models import Order
from tests.automation.making import executions, fresh, rule
from tests.automation.new_york import CLOSE, OPEN, SYMBOL, open_new_york, sessions_until
from tests.orders.making import Desk, quote

SECOND = timedelta(seconds=1)
RSI = {"threshold": "50", "period": 2}


@pytest.fixture
def new_york(desk: Desk) -> Desk:
    open_new_york()
    return desk


def close_bars(closes: list[int], last: date) -> None:
    for close, day in zip(closes, sessions_until(last, len(closes)), strict=True):
        price = Decimal(close)
        Bar.objects.create(
            instrument_id=SYMBOL, timeframe="1d", at=datetime(day.year, day.month, day.day, tzinfo=UTC),
            open=price, high=price, low=price, close=price, source="test",
        )  # fmt: skip


def fired(desk: Desk, **changes: object) -> Action:
    """A rule that fires at Thursday's close."""
    close_bars([100 + n % 2 for n in range(21)], date(2026, 11, 18))
    values = {"symbol": SYMBOL, "quantity": "5", "trigger_type": "rsi_above", "trigger_params": RSI, **changes}
    action = rule(desk, now=CLOSE - timedelta(hours=2), **values)
    close_bars([120], date(2026, 11, 19))
    assert observing.observe(now=CLOSE + 30 * SECOND) == 1
    return action


def test_the_order_waits_for_the_open_and_is_placed_then(new_york: Desk) -> None:
    action = fired(new_york)
    (waiting,) = executions(action)
    assert (waiting.state, waiting.expires_at) == ("pending", OPEN + timedelta(minutes=15))
    for at in (CLOSE + 40 * SECOND, OPEN - SECOND, OPEN + 10 * SECOND):
        assert executing.execute_pending(now=at) == 0
        assert sweeping.execute_left_behind(at) == 0
    at = OPEN + 16 * SECOND
    quote(SYMBOL, "121", at=at)
    assert sweeping.execute_left_behind(at) == 1
    order = Order.objects.get()
    assert (order.state, order.quantity, order.expires_at) == ("filled", 5, OPEN + timedelta(minutes=15))
    assert executions(action)[0].state == "succeeded"


def test_why_says_that_it_waits(new_york: Desk) -> None:
    action = fired(new_york)
    at = CLOSE + 40 * SECOND
    assert why_not(fresh(action), now=at).code == "waits_for_open"


def test_it_is_not_done_long_after_the_open(new_york: Desk) -> None:
    action = fired(new_york)
    at = OPEN + timedelta(minutes=16)
    quote(SYMBOL, "121", at=at)
    executing.execute_pending(now=at)
    assert executions(action)[0].state == "expired"
    assert not Order.objects.exists()


def test_an_edit_of_the_trigger_meanwhile_ends_it(new_york: Desk) -> None:
    action = fired(new_york, max_executions=None)
    changes = {"trigger_params": {"threshold": "60", "period": 3}}
    lifecycle.update_action(
        user=new_york.user, action_id=action.id, changes=changes, now=CLOSE + timedelta(hours=1), actor="ada"
    )
    at = OPEN + 16 * SECOND
    quote(SYMBOL, "121", at=at)
    executing.execute_pending(now=at)
    assert (executions(action)[0].state, executions(action)[0].reason_code) == ("skipped", "EDITED")
    assert not Order.objects.exists()


def test_a_shadow_trade_waits_alike(new_york: Desk) -> None:
    action = fired(new_york, mode="monitor")
    assert executing.execute_pending(now=CLOSE + 40 * SECOND) == 0
    at = OPEN + 16 * SECOND
    quote(SYMBOL, "121", at=at)
    assert executing.execute_pending(now=at) == 1
    assert action.shadow_trades.get().price == Decimal("121.01")


def test_a_message_and_an_open_market_wait_for_nothing(new_york: Desk) -> None:
    message = fired(new_york, action_type="NOTIFY", quantity=None)
    assert executing.execute_pending(now=CLOSE + 40 * SECOND) == 1
    assert executions(message)[0].state == "succeeded"
    by_hand = rule(new_york, now=CLOSE, symbol=SYMBOL, trigger_type="rsi_above", trigger_params=RSI)
    execution = lifecycle.execute_now(user=new_york.user, action_id=by_hand.id, now=CLOSE, actor="ada")
    assert execution.lease_until is None
