"""Tax lots: what a sale takes from which purchase, first in first out unless told. Plain Python, exact to the cent."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from common.money import ZERO, cents

EXCHANGE_ZONE = ZoneInfo("America/New_York")
T = TypeVar("T")


class NotEnough(ValueError):
    """More was to be sold than the open lots hold."""

    def __init__(self, held: Decimal) -> None:
        super().__init__(f"{held} held")
        self.held = held


@dataclass(slots=True)
class OpenLot(Generic[T]):
    """A purchase of which some is left. `row` is the caller's."""

    row: T
    acquired_at: datetime
    open_quantity: Decimal
    open_cost: Decimal


@dataclass(frozen=True, slots=True)
class Disposal(Generic[T]):
    """Part of a lot that was sold. Gain = proceeds - cost; all to the cent."""

    lot: OpenLot[T]
    quantity: Decimal
    cost: Decimal
    proceeds: Decimal
    long_term: bool

    @property
    def gain(self) -> Decimal:
        return self.proceeds - self.cost


class Lots(Generic[T]):
    """The open lots of one symbol, oldest first; equally old ones in the order given."""

    def __init__(self, lots: Iterable[OpenLot[T]] = ()) -> None:
        self.open: list[OpenLot[T]] = sorted(lots, key=_age)

    @property
    def quantity(self) -> Decimal:
        return sum((lot.open_quantity for lot in self.open), ZERO)

    def buy(self, lot: OpenLot[T]) -> None:
        insort(self.open, lot, key=_age)

    def sell(
        self, quantity: Decimal, proceeds: Decimal, at: datetime, order: Callable[[OpenLot[T]], Any] | None = None
    ) -> list[Disposal[T]]:
        """Take `quantity` from the oldest lots, or from those that `order` (a sort key, see `portfolios.disposing`)
        puts first; `proceeds` (dollars, fees taken off) is shared out by quantity.

        The last part takes what rounding left over, so that parts add up exactly. NotEnough leaves the lots alone.
        """
        if quantity > self.quantity:
            raise NotEnough(self.quantity)
        disposals = []
        to_sell, to_share = quantity, proceeds
        for lot in self.open if order is None else sorted(self.open, key=order):
            if to_sell <= ZERO:
                break
            part = min(lot.open_quantity, to_sell)
            share = to_share if part == to_sell else cents(to_share * part / to_sell)
            cost = lot.open_cost if part == lot.open_quantity else cents(lot.open_cost * part / lot.open_quantity)
            long_term = held_long(lot.acquired_at, at)
            disposals.append(Disposal(lot=lot, quantity=part, cost=cost, proceeds=share, long_term=long_term))
            lot.open_quantity -= part
            lot.open_cost -= cost
            to_sell -= part
            to_share -= share
        if disposals:  # most sales touch a few of many lots
            self.open = [lot for lot in self.open if lot.open_quantity]
        return disposals


def held_long(acquired_at: datetime, sold_at: datetime) -> bool:
    """Whether a gain is long-term: held for more than one year, by New York dates (IRS Publication 550).

    Bought on 29 February, it is long-term from 1 March of the next year on.
    """
    acquired, sold = _new_york_date(acquired_at), _new_york_date(sold_at)
    try:
        anniversary = acquired.replace(year=acquired.year + 1)
    except ValueError:
        anniversary = date(acquired.year + 1, 2, 28)
    return sold > anniversary


@lru_cache(maxsize=10_000)
def _new_york_date(at: datetime) -> date:
    return at.astimezone(EXCHANGE_ZONE).date()


def _age(lot: OpenLot[T]) -> datetime:
    return lot.acquired_at
