"""Which rules and orders protect the holdings, on real rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from automation import lifecycle
from automation.stops.protection import Kind, Protection
from automation.stops.standing import protection_of, protections
from common.errors import NotFound
from orders.placing import place
from tests.automation.making import D, S, fresh, hold, rule, see
from tests.orders.making import NOW, Desk

pytestmark = pytest.mark.django_db


def stop(desk: Desk, **changes: Any) -> Any:
    size = {"percent_of_position": "100"} if not {"quantity", "amount_usd"} & changes.keys() else {}
    return rule(desk, action_type="SELL", **size, **changes)


def trailing(desk: Desk, **changes: Any) -> Any:
    return stop(desk, trigger_type="trailing_stop", trigger_params={"percent": "5"}, **changes)


def now_protecting(desk: Desk, symbol: str = "AAPL") -> Protection:
    return protection_of(desk.portfolio, symbol, now=NOW + S)


def test_a_trailing_stop_is_where_it_would_sell_now(desk):
    hold(desk)
    made = trailing(desk)
    (waiting,) = now_protecting(desk).stops
    assert (waiting.kind, waiting.price, waiting.shares) == (Kind.TRAILING, None, D(100))
    see("100", at=NOW + S)
    see("120", at=NOW + 2 * S)
    see("118", at=NOW + 3 * S)
    found = now_protecting(desk)
    (moved,) = found.stops
    assert (moved.short, moved.price, moved.action_id) == ("trailing 5 %", D(114), made.id)
    assert found.covered == D(100)


@pytest.mark.parametrize(
    ("kind", "params", "found", "price", "shares"),
    [
        ("price_below", {"threshold": "90"}, Kind.FIXED, "90", {"quantity": "40"}),
        ("change_pct", {"change": "5", "direction": "down"}, Kind.FALL, "95", {"amount_usd": "950"}),
        ("drawdown_above", {"percent": "10"}, Kind.PORTFOLIO, None, {"quantity": "10"}),
        ("time_of_day", {"time": "15:00"}, Kind.TIME, None, {"quantity": "10"}),
    ],
)
def test_kinds_of_stops(desk, kind, params, found, price, shares):
    hold(desk)
    stop(desk, trigger_type=kind, trigger_params=params, **shares)
    (one,) = now_protecting(desk).stops
    assert (one.kind, one.price) == (found, None if price is None else D(price))
    assert one.shares == (D(10) if "amount_usd" in shares else D(shares["quantity"]))
    assert (one.due_at is not None) == (found is Kind.TIME)


def test_what_does_not_protect_is_left_out(desk, other):
    hold(desk)
    hold(other)
    stop(desk, trigger_type="price_above", trigger_params={"threshold": "130"})  # a target
    stop(desk, trigger_type="change_pct", trigger_params={"change": "5", "direction": "up"})
    rule(desk)  # buys
    trailing(other)
    hold(desk, "MSFT")
    trailing(desk, symbol="MSFT")
    paused = trailing(desk)
    lifecycle.pause(user=desk.user, action_id=paused.id, now=NOW, actor="ada")
    found = protections(desk.portfolio, now=NOW)
    assert {symbol: len(one.stops) for symbol, one in found.items()} == {"AAPL": 0, "MSFT": 1}
    assert fresh(paused).status == "paused"


def test_a_rule_that_only_tells_protects_nothing_and_says_so(desk):
    hold(desk)
    trailing(desk, mode="notify")
    found = now_protecting(desk)
    assert (found.covered, found.first) == (D(0), None)
    assert "only tells" in found.warnings[0]


def test_a_stop_order_at_the_broker_counts(desk):
    hold(desk)
    order = place(
        desk.intent(side="sell", order_type="stop", stop_price=D(92), quantity=D(30), time_in_force="gtc"), now=NOW
    )
    (found,) = now_protecting(desk).stops
    assert (found.order_id, found.price, found.shares) == (order.id, D(92), D(30))
    assert found.sentence == "Stop order at the broker: sell 30 AAPL at $92."


def test_what_is_not_held_is_not_found(desk):
    with pytest.raises(NotFound, match="Main holds no AAPL"):
        now_protecting(desk)


def test_queries_do_not_grow_with_rules_and_holdings(desk, django_assert_max_num_queries):
    for symbol in ("AAPL", "MSFT", "NVDA"):
        hold(desk, symbol, now=NOW + timedelta(seconds=1))
        for threshold in ("90", "80", "70"):
            stop(desk, symbol=symbol, trigger_params={"threshold": threshold}, quantity="1")
    with django_assert_max_num_queries(6):
        assert sum(len(found.stops) for found in protections(desk.portfolio, now=NOW).values()) == 9
