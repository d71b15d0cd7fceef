"""Dollars and percent become shares, rounded down."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import new_id
from orders.sizing import NoSize, quantity_of
from orders.types import OrderIntent
from safety.types import QuoteView
from tests.orders.making import NOW

QUOTE = QuoteView(last=D(100), bid=D("99.99"), ask=D("100.01"), prev_close=D(100), at=NOW)


def intent(side="buy", **size) -> OrderIntent:
    return OrderIntent(
        portfolio_id=new_id(),
        source_kind="manual",
        source_id="1",
        idempotency_key="k",
        symbol="AAPL",
        side=side,
        **size,
    )


def shares_of(wanted: OrderIntent, **changes) -> D:
    known = {"quote": QUOTE, "held": D("12.5"), "equity": D(100_000), "fractional": True}
    return quantity_of(wanted, **{**known, **changes})


def test_shares_stay_shares():
    assert shares_of(intent(quantity=D("0.5")), quote=None, equity=None) == D("0.5")


def test_dollars_at_the_ask_rounded_down():
    assert shares_of(intent(notional=D(1000))) == D("9.999000099")
    assert shares_of(intent(notional=D(1000)), fractional=False) == 9


def test_dollars_at_the_limit_price():
    assert shares_of(intent(notional=D(1000), order_type="limit", limit_price=D(50))) == 20


def test_percent_of_equity():
    assert shares_of(intent(percent_of_equity=D(10)), fractional=False) == 99


def test_percent_of_position():
    assert shares_of(intent("sell", percent_of_position=D(50))) == D("6.25")
    assert shares_of(intent("sell", percent_of_position=D(50)), fractional=False) == 6


def test_the_whole_position_goes_without_a_remainder_even_in_whole_shares():
    assert shares_of(intent("sell", percent_of_position=D(100)), fractional=False) == D("12.5")


@pytest.mark.parametrize(
    ("wanted", "known", "code", "text"),
    [
        (intent(notional=D(50)), {"fractional": False}, "QTY_INVALID", "less than one share"),
        (intent(notional=D(50)), {"quote": None}, "QUOTE_STALE", "has no price"),
        (intent(percent_of_equity=D(5)), {"equity": None}, "EQUITY_UNKNOWN", "is not known"),
        (intent("sell", percent_of_position=D(50)), {"held": D(0)}, "QTY_INVALID", "50 % of 0 AAPL"),
    ],
)
def test_what_cannot_be_turned_into_shares(wanted, known, code, text):
    with pytest.raises(NoSize) as caught:
        shares_of(wanted, **known)
    assert caught.value.code == code
    assert text in caught.value.message


@given(
    amount=st.decimals("0.01", "100000", places=2),
    price=st.decimals("0.01", "5000", places=2),
    fractional=st.booleans(),
)
def test_never_more_than_was_asked_for(amount, price, fractional):
    quote = QuoteView(last=price, bid=price, ask=price, prev_close=price, at=NOW)
    try:
        quantity = shares_of(intent(notional=amount), quote=quote, fractional=fractional)
    except NoSize:
        assert amount < price or fractional
    else:
        assert 0 < quantity * price <= amount
