"""Which lots a sale takes first. Plain Python, shared by the ledger and the planner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from common.money import HUNDRED
from portfolios.lots import OpenLot, held_long

T = TypeVar("T")
Order = Callable[[OpenLot[Any]], Any]  # a sort key: what is smallest is taken first


def first_in(lot: OpenLot[Any]) -> Any:
    """FIFO: the oldest first."""
    return lot.acquired_at


def highest_cost(lot: OpenLot[Any]) -> Any:
    """HIFO: the dearest share first, of equally dear ones the oldest."""
    return -lot.open_cost / lot.open_quantity, lot.acquired_at


def least_tax(*, price: Decimal, at: datetime, short_pct: Decimal, long_pct: Decimal) -> Order:
    """The least estimated tax per share first: losses at the higher rate, losses, long-term gains, short-term gains.

    `price` is dollars per share, `at` the time of the sale, the rates are percent of the gain. An estimate: it knows
    neither the owner's bracket nor losses carried forward.
    """

    def tax(lot: OpenLot[Any]) -> Any:
        gain = price - lot.open_cost / lot.open_quantity
        rate = long_pct if held_long(lot.acquired_at, at) else short_pct
        return gain * rate / HUNDRED, lot.acquired_at

    return tax


def chosen_first(choice: Sequence[Any], then: Order, name: Callable[[OpenLot[Any]], Any]) -> Order:
    """The lots named in `choice` first and in that order, then as `then` says."""
    place = {chosen: index for index, chosen in enumerate(choice)}

    def order(lot: OpenLot[Any]) -> Any:
        return place.get(name(lot), len(place)), then(lot)

    return order
