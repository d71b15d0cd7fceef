"""The fill model: worked examples, and properties that hold for every order in every market."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.fill_model import Costs, Observation, WorkingOrder, match

D = Decimal
FREE = Costs()


def order(side="buy", order_type="market", remaining="10", **prices):
    extra = {name: D(value) if isinstance(value, str) else value for name, value in prices.items()}
    return WorkingOrder(side=side, order_type=order_type, remaining=D(remaining), **extra)


def market(last="100", low=None, high=None, bid="99.98", ask="100.02", size=None):
    return Observation(
        last=D(last), low=D(low or last), high=D(high or last), bid=D(bid) if bid else None,
        ask=D(ask) if ask else None, size=D(size) if size else None,
    )  # fmt: skip


def filled(working, seen, costs=FREE):
    outcome = match(working, seen, costs)
    return [(fill.quantity, fill.price) for fill in outcome.fills]


def test_market_orders_pay_the_spread():
    assert filled(order(), market()) == [(10, D("100.02"))]
    assert filled(order("sell"), market()) == [(10, D("99.98"))]


def test_without_sides_the_last_price_counts():
    assert filled(order(), market(bid=None, ask=None)) == [(10, D("100.00"))]


def test_slippage_and_rounding_are_against_us():
    costs = Costs(slippage_bps=D(2))
    assert filled(order(), market(), costs) == [(10, D("100.05"))]  # 100.040004 rounded up
    assert filled(order("sell"), market(), costs) == [(10, D("99.96"))]  # 99.960004 rounded down


def test_below_a_dollar_prices_have_four_decimals():
    seen = market(last="0.5", bid="0.49999", ask="0.50001")
    assert filled(order(), seen) == [(10, D("0.5001"))]
    assert filled(order("sell"), seen) == [(10, D("0.4999"))]


def test_a_marketable_limit_gets_the_better_price_but_slippage_stops_at_the_limit():
    assert filled(order(order_type="limit", limit_price="101"), market()) == [(10, D("100.02"))]
    assert filled(order(order_type="limit", limit_price="100.03"), market(), Costs(slippage_bps=D(5))) == [
        (10, D("100.03"))
    ]
    assert filled(order("sell", "limit", limit_price="99"), market()) == [(10, D("99.98"))]


def test_a_resting_limit_is_filled_at_its_limit_when_the_range_reaches_it():
    seen = market(low="98", high="102")
    assert filled(order(order_type="limit", limit_price="98"), seen) == [(10, D("98"))]
    assert filled(order(order_type="limit", limit_price="99"), seen) == [(10, D("99"))]  # gapped through: at the limit
    assert filled(order(order_type="limit", limit_price="97.99"), seen) == []
    assert filled(order("sell", "limit", limit_price="102"), seen) == [(10, D("102"))]
    assert filled(order("sell", "limit", limit_price="102.01"), seen) == []


def test_a_stop_fills_at_the_worse_of_stop_and_market():
    stop = order("sell", "stop", stop_price="95")
    assert match(stop, market(low="95.01"), FREE).triggered is False
    through = match(stop, market(last="94", low="94", bid="93.98", ask="94.02"), FREE)
    assert through.triggered
    assert through.fills[0].price == D("93.98")
    recovered = match(stop, market(last="100", low="94"), FREE)  # touched and came back
    assert recovered.fills[0].price == D("95.00")
    assert filled(order("buy", "stop", stop_price="105"), market(high="106")) == [(10, D("105.00"))]


def test_the_rest_of_a_triggered_stop_is_a_market_order():
    assert filled(order("sell", "stop", stop_price="95", triggered=True), market()) == [(10, D("99.98"))]


def test_a_stop_limit_only_trades_within_its_limit():
    working = order("sell", "stop_limit", stop_price="95", limit_price="94.50")
    gap = match(working, market(last="90", low="90", bid="89.98", ask="90.02"), FREE)
    assert (gap.fills, gap.triggered) == ((), True)
    assert filled(order("sell", "stop_limit", stop_price="95", limit_price="94.50", triggered=True),
                  market(last="94", high="94.60", bid="93.98")) == [(10, D("94.50"))]  # fmt: skip
    assert filled(working, market(last="94.90", low="94.80", bid="94.88")) == [(10, D("94.88"))]


def test_at_the_look_that_triggers_a_stop_limit_the_range_does_not_count():
    """The price may have been at the limit before it reached the stop."""
    working = order("buy", "stop_limit", stop_price="105", limit_price="105.50")
    seen = market(last="106", low="99", high="106", bid="105.98", ask="106.02")
    outcome = match(working, seen, FREE)
    assert (outcome.fills, outcome.triggered) == ((), True)


def test_large_orders_are_worked_off_in_pieces():
    costs = Costs(max_fill_quantity=D(4), fee_per_order=D("1.00"), fee_bps=D(10))
    first = match(order(), market(), costs).fills[0]
    assert (first.quantity, first.fee) == (4, D("1.40"))
    later = match(order(remaining="6", filled="4"), market(), costs).fills[0]
    assert (later.quantity, later.fee) == (4, D("0.40"))
    assert filled(order(), market(size="3")) == [(3, D("100.02"))]


@pytest.mark.parametrize(
    "wrong",
    [
        {"side": "hold"},
        {"order_type": "iceberg"},
        {"order_type": "limit"},
        {"order_type": "stop"},
        {"order_type": "stop_limit", "stop_price": "1"},
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"use|needs"):
        order(**wrong)


prices = st.decimals("0.0005", "5000", places=4)
quantities = st.decimals("0.000000001", "100000", places=9)
some_costs = st.builds(
    Costs,
    slippage_bps=st.decimals("0", "20000", places=2),
    fee_per_order=st.decimals("0", "10", places=2),
    fee_bps=st.decimals("0", "100", places=2),
    max_fill_quantity=st.none() | quantities,
)
orders = st.builds(
    WorkingOrder,
    side=st.sampled_from(["buy", "sell"]),
    order_type=st.sampled_from(["market", "limit", "stop", "stop_limit"]),
    remaining=quantities,
    limit_price=prices,
    stop_price=prices,
    triggered=st.booleans(),
    filled=st.sampled_from([D(0), D(1)]),
)


@st.composite
def markets(draw):
    low, last, high = sorted(draw(st.tuples(prices, prices, prices)))
    bid, ask = sorted(draw(st.tuples(prices, prices)))
    return Observation(
        last=last, low=low, high=high, bid=draw(st.none() | st.just(bid)), ask=draw(st.none() | st.just(ask)),
        size=draw(st.none() | quantities),
    )  # fmt: skip


@given(orders, markets(), some_costs)
def test_every_fill_is_fair(working, seen, costs):
    outcome = match(working, seen, costs)
    assert len(outcome.fills) <= 1
    for fill in outcome.fills:
        assert 0 < fill.quantity <= working.remaining
        assert costs.max_fill_quantity is None or fill.quantity <= costs.max_fill_quantity
        assert fill.price > 0
        assert fill.fee >= 0
        assert fill.fee == fill.fee.quantize(D("0.01"))
        if working.order_type in ("limit", "stop_limit"):
            buying = working.side == "buy"
            assert fill.price <= working.limit_price if buying else fill.price >= working.limit_price


@given(orders, markets(), some_costs)
def test_a_stop_never_comes_back_and_never_trades_before_it_is_reached(working, seen, costs):
    outcome = match(working, seen, costs)
    if working.order_type in ("stop", "stop_limit"):
        reached = seen.high >= working.stop_price if working.side == "buy" else seen.low <= working.stop_price
        assert outcome.triggered == (working.triggered or reached)
        assert outcome.triggered or not outcome.fills


@given(orders, markets(), some_costs)
def test_costs_never_help(working, seen, costs):
    free, paid = match(working, seen, FREE), match(working, seen, costs)
    for ideal, real in zip(free.fills, paid.fills, strict=False):
        assert real.price >= ideal.price if working.side == "buy" else real.price <= ideal.price
