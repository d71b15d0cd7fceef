"""What goals and losses of the portfolio mean to the gate."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D

import pytest

from orders.models import Order
from orders.placing import place
from portfolios.goals.changing import create_goal, update_goal
from portfolios.ledger import book_fills
from portfolios.types import FillBooking
from safety.models import SafetyPolicy
from tests.orders.making import NOW, Desk, open_desk, open_market, quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    """$100,000; AAPL and MSFT at $100."""
    open_market()
    quote("AAPL", "100")
    quote("MSFT", "100")
    return open_desk("ann")


def answer(desk: Desk, **changes: object) -> tuple[str, str]:
    order = Order.objects.get(pk=place(desk.intent(**changes), now=NOW).pk)
    return order.state, order.reason_code


def test_an_enabled_goal_allows_a_position_up_to_target_and_band(desk: Desk) -> None:
    SafetyPolicy.objects.update(max_position_pct=10)
    assert answer(desk, quantity=D(300)) == ("blocked", "MAX_POSITION")
    weights = {"AAPL": "0.3", "CASH": "0.7"}
    goal = create_goal(user=desk.user, data={"name": "G", "target_weights": weights}, now=NOW, actor="ann")
    assert answer(desk, quantity=D(350)) == ("blocked", "MAX_POSITION")  # 35 % is at the edge, the ask is above it
    assert answer(desk, quantity=D(340))[0] == "queued"
    assert answer(desk, quantity=D(110), symbol="MSFT") == ("blocked", "MAX_POSITION")
    update_goal(user=desk.user, goal_id=goal.pk, changes={"enabled": False}, now=NOW, actor="ann")
    assert answer(desk, quantity=D(1)) == ("blocked", "MAX_POSITION")


def test_the_wash_sale_lock_holds_purchases_after_a_loss(desk: Desk) -> None:
    trades = [("buy", "90", 50), ("sell", "80", 20)]
    fills = [
        FillBooking(
            source_id=side, symbol="MSFT", side=side, quantity=D(1), price=D(price), at=NOW - timedelta(days=days)
        )
        for side, price, days in trades
    ]
    book_fills(portfolio=desk.portfolio, fills=fills, now=NOW)
    assert answer(desk, symbol="MSFT", quantity=D(1))[0] == "queued"  # off unless the user wants it
    SafetyPolicy.objects.update(wash_sale_lock=True)
    assert answer(desk, symbol="MSFT", quantity=D(2)) == ("blocked", "WASH_SALE_LOCK")
    assert answer(desk, symbol="AAPL", quantity=D(2))[0] == "queued"
