"""Random fills booked into lots, a thousand histories: nothing appears or is lost, whichever lots a sale takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from common.money import ZERO, cents
from portfolios.booking import Booked, Oversold, book
from portfolios.lots import Lots, OpenLot
from portfolios.types import FillBooking
from tests.portfolios.conftest import NOW, D

ORDERS: dict[str, Callable[[OpenLot[Any]], Any] | None] = {
    "fifo": None,
    "dearest first": lambda lot: -lot.open_cost / lot.open_quantity,
    "newest first": lambda lot: -lot.acquired_at.timestamp(),
}
FILLS = st.tuples(
    st.sampled_from(["buy", "buy", "sell"]),
    st.sampled_from(["AAPL", "MSFT"]),
    st.integers(1, 10**9),  # millionths of a share
    st.integers(1, 5_000_000),  # hundredths of a cent
    st.integers(0, 1_000),  # cents of fee
    st.integers(-800, 0),  # days
    st.sampled_from(sorted(ORDERS)),
)


@settings(max_examples=1000, deadline=None)
@given(given_fills=st.lists(FILLS, min_size=1, max_size=25))
def test_what_was_paid_is_in_the_lots_or_in_the_gains(given_fills: list[tuple[Any, ...]]) -> None:
    lots: dict[str, Lots[Any]] = defaultdict(Lots)
    booked: list[Booked[Any]] = []
    for number, (side, symbol, millionths, price, fee, days, order) in enumerate(given_fills):
        fill = FillBooking(
            source_id=str(number), symbol=symbol, side=side, quantity=D(millionths) / 10**6,
            price=D(price) / 10_000, fee=D(fee) / 100, at=NOW + timedelta(days=days),
        )  # fmt: skip
        held = lots[symbol].quantity
        try:
            booked.append(book(fill, lots, ORDERS[order]))
        except Oversold:
            assert side == "sell" and fill.quantity > held
            assert lots[symbol].quantity == held, "a refused sale leaves the lots alone"
    for symbol in ("AAPL", "MSFT"):
        mine = [one for one in booked if one.fill.symbol == symbol]
        parts = [part for one in mine for part in one.disposals]
        assert lots[symbol].quantity == sum((one.shares for one in mine), ZERO)
        open_cost = sum((lot.open_cost for lot in lots[symbol].open), ZERO)
        assert open_cost == sum((one.cost for one in mine), ZERO)
        paid = sum((-one.amount - one.fee for one in mine if one.fill.side == "buy"), ZERO)
        assert paid == open_cost + sum((part.cost for part in parts), ZERO)
        brought = sum((one.amount + one.fee for one in mine if one.fill.side == "sell"), ZERO)
        assert brought == sum((part.proceeds for part in parts), ZERO)
        # Every dollar of the change of cash is cost that is still open, or a gain.
        change = sum((one.amount + one.fee for one in mine), ZERO)
        assert change + open_cost == sum((part.gain for part in parts), ZERO)
        assert all(lot.open_quantity > 0 and lot.open_cost == cents(lot.open_cost) for lot in lots[symbol].open)
        assert all(part.quantity > 0 for part in parts)
        assert isinstance(open_cost, Decimal)
