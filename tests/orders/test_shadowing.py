"""What an order would have filled at: the rule's size, the quote, the account's costs; and nothing written."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.models import BrokerAccount
from common.ids import new_id
from orders.models import Order
from orders.shadowing import NO_QUOTE, NOT_REACHED, OVERSELL, shadow_fills
from portfolios.ledger import open_position
from tests.orders.making import NOW, Desk, quote

pytestmark = pytest.mark.django_db
D = Decimal


def fills(desk: Desk, *intents, sold=None, now=NOW):
    return shadow_fills(portfolio_id=desk.portfolio.pk, intents=intents, sold_before=sold or {}, now=now)


def hold(desk: Desk, quantity: str) -> None:
    open_position(portfolio=desk.portfolio, symbol="AAPL", quantity=D(quantity), price=D(100), at=NOW, now=NOW)


def test_it_pays_the_spread_the_slippage_and_the_fee(desk: Desk) -> None:
    quote("AAPL", "100", spread="0.10")
    BrokerAccount.objects.filter(pk=desk.account.pk).update(slippage_bps=D(10), fee_per_order=D(1), fee_bps=D(5))
    bought, sold = fills(desk, desk.intent(quantity=D(10)), desk.intent(side="sell", quantity=D(10)))
    # ask 100.05 and 10 basis points: 100.15005, rounded up; 5 basis points of 1001.60 and a dollar.
    assert (bought.quantity, bought.price, bought.fee) == (D(10), D("100.16"), D("1.50"))
    assert sold.code == OVERSELL  # nothing is held
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("size", "quantity"),
    [
        ({"quantity": D("2.5")}, D("2.5")),
        ({"notional": D(1000)}, D("9.999000099")),  # at the ask, 100.01
        ({"percent_of_equity": D(10)}, D("99.990000999")),
    ],
)
def test_every_size_of_a_buy(desk: Desk, size, quantity) -> None:
    quote("AAPL", "100")
    (fill,) = fills(desk, desk.intent(**size))
    assert fill.quantity == quantity


def test_a_sale_counts_what_the_shadow_has_sold_already(desk: Desk) -> None:
    hold(desk, "100")
    quote("AAPL", "100")
    rule = new_id()
    half = {"side": "sell", "percent_of_position": D(50), "action_id": rule}
    first, second = fills(desk, desk.intent(**half), desk.intent(**half))
    assert (first.quantity, second.quantity) == (D(50), D(25))
    (left,) = fills(desk, desk.intent(**half), sold={rule: D(90)})
    assert left.quantity == D(5)
    (none,) = fills(desk, desk.intent(side="sell", quantity=D(11), action_id=rule), sold={rule: D(90)})
    assert none.code == OVERSELL
    (other,) = fills(desk, desk.intent(**{**half, "action_id": new_id()}), sold={rule: D(90)})
    assert other.quantity == D(50)


def test_a_price_of_a_quarter_of_a_minute_ago_is_none(desk: Desk) -> None:
    (fresh,) = fills(desk, desk.intent(), now=NOW + timedelta(seconds=15))
    (stale,) = fills(desk, desk.intent(), now=NOW + timedelta(seconds=16))
    assert (fresh.code, stale.code) == ("", NO_QUOTE)


def test_a_limit_that_would_have_rested_is_no_trade(desk: Desk) -> None:
    quote("AAPL", "100")
    resting, taken = fills(
        desk,
        desk.intent(order_type="limit", limit_price=D(99)),
        desk.intent(order_type="limit", limit_price=D(101)),
    )
    assert resting.code == NOT_REACHED
    assert (taken.code, taken.price) == ("", D("100.01"))


def test_the_number_of_queries_does_not_grow(desk: Desk, django_assert_num_queries) -> None:
    quote("AAPL", "100")
    with django_assert_num_queries(7) as one:
        fills(desk, desk.intent())
    with django_assert_num_queries(len(one)):
        fills(desk, *(desk.intent(symbol=symbol) for symbol in ("AAPL", "MSFT", "NVDA", "TSLA") * 5))
