"""An intent says everything that is wrong with it at once."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from common.errors import InvalidInput
from common.ids import new_id
from orders.types import OrderIntent
from tests.orders.making import NOW

GOOD = {
    "portfolio_id": new_id(),
    "source_kind": "manual",
    "source_id": "1",
    "idempotency_key": "k",
    "symbol": "AAPL",
    "side": "buy",
    "quantity": D(1),
}


def wrong(**changes) -> dict[str, list[str]]:
    with pytest.raises(InvalidInput) as caught:
        OrderIntent(**{**GOOD, **changes})
    return dict(caught.value.errors)


def test_a_good_one_passes():
    intent = OrderIntent(**GOOD)
    assert intent.expiry(NOW) == NOW + timedelta(seconds=120)


def test_a_rebalance_lives_longer_and_a_given_expiry_wins():
    assert OrderIntent(**{**GOOD, "source_kind": "rebalance_run"}).expiry(NOW) == NOW + timedelta(minutes=15)
    assert OrderIntent(**GOOD, expires_at=NOW).expiry(NOW) == NOW


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"quantity": None}, "quantity", "none was given"),
        ({"notional": D(5)}, "quantity", "quantity and notional was given"),
        ({"quantity": D(0)}, "quantity", "0 is not a number above 0"),
        ({"quantity": D(-5)}, "quantity", "-5 is not"),
        ({"quantity": D("NaN")}, "quantity", "NaN is not"),
        ({"quantity": D("Infinity")}, "quantity", "Infinity is not"),
        ({"quantity": D("0.0000000001")}, "quantity", "more than 9 decimal places"),
        ({"quantity": D("1E15")}, "quantity", "too large"),
        ({"quantity": None, "percent_of_position": D(50)}, "percent_of_position", "for sells"),
        ({"quantity": None, "percent_of_position": D(101), "side": "sell"}, "percent_of_position", "up to 100"),
        ({"quantity": None, "percent_of_equity": D(5), "side": "sell"}, "percent_of_equity", "for buys"),
        ({"limit_price": D(5)}, "limit_price", "takes none; 5 was given"),
        ({"order_type": "limit"}, "limit_price", "needs one"),
        ({"order_type": "stop"}, "stop_price", "needs one"),
        ({"order_type": "stop_limit", "stop_price": D(5)}, "limit_price", "needs one"),
        ({"order_type": "limit", "limit_price": D("-1")}, "limit_price", "not a number above 0"),
        ({"side": "short"}, "side", "use buy, sell"),
        ({"order_type": "iceberg"}, "order_type", "'iceberg' is not known"),
        ({"time_in_force": "fok"}, "time_in_force", "use day, gtc, ioc"),
        ({"symbol": ""}, "symbol", "empty"),
        ({"idempotency_key": "x" * 121}, "idempotency_key", "121 characters"),
    ],
)
def test_what_is_wrong_is_named(changes, field, text):
    errors = wrong(**changes)
    assert text in errors[field][0]


def test_everything_wrong_is_said_at_once():
    assert set(wrong(side="up", quantity=None, limit_price=D(1))) == {"side", "quantity", "limit_price"}
