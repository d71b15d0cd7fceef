"""Lots and disposals of one symbol, derived from its ledger entries in order of time, first in first out. Plain Python.

The ledger says what happened in the shares of the day; lots and disposals are in today's shares. A split scales every
lot, what is left of it and what was sold of it, to 9 places each; what a lot cost does not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from common.money import ZERO, nano, shares
from portfolios.lots import Disposal, Lots, NotEnough, OpenLot, held_long

BUY, SELL, OPENING, SPLIT = "buy", "sell", "opening", "split"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One ledger entry of the symbol, as far as its shares go. `key` names the entry; `at` orders, then the sequence.

    buy, opening: `dollars` is the cost of the whole lot, fees included. sell: what it brought, fees taken off.
    split: `new` shares for `old`; `dollars` is cash in lieu of a fraction; `whole`: only whole shares are kept.
    """

    key: int
    at: datetime
    kind: str
    quantity: Decimal = ZERO
    dollars: Decimal = ZERO
    acquired_at: datetime | None = None
    new: int = 1
    old: int = 1
    whole: bool = False


@dataclass(slots=True)
class Sold:
    """Part of a lot that was sold by the entry `key`, in today's shares."""

    key: int
    at: datetime
    quantity: Decimal
    cost: Decimal
    proceeds: Decimal
    long_term: bool


@dataclass(slots=True)
class DerivedLot:
    """The lot of the entry `key`."""

    key: int
    cost: Decimal
    open: OpenLot[int]
    sold: list[Sold] = field(default_factory=list)

    @property
    def quantity(self) -> Decimal:
        return self.open.open_quantity + sum((part.quantity for part in self.sold), ZERO)


@dataclass(frozen=True, slots=True)
class Short:
    """A sale of more than was held at its time."""

    event: Event
    held: Decimal


@dataclass(slots=True)
class Derived:
    """What the entries come to. `splits`: the shares held before and after each. `short`: empty if all is well."""

    lots: dict[int, DerivedLot] = field(default_factory=dict)
    splits: dict[int, tuple[Decimal, Decimal]] = field(default_factory=dict)
    short: list[Short] = field(default_factory=list)

    @property
    def shares(self) -> Decimal:
        return sum((lot.open.open_quantity for lot in self.lots.values()), ZERO)

    @property
    def cost(self) -> Decimal:
        return sum((lot.open.open_cost for lot in self.lots.values()), ZERO)


def derive(events: Iterable[Event]) -> Derived:
    """Follow the entries in order of time; of one moment a split first, then in the order given."""
    derived = Derived()
    lots: Lots[int] = Lots()
    for event in sorted(events, key=lambda one: (one.at, one.kind != SPLIT)):
        if event.kind in (BUY, OPENING):
            lot = OpenLot(
                row=event.key,
                acquired_at=event.acquired_at or event.at,
                open_quantity=event.quantity,
                open_cost=event.dollars,
            )
            derived.lots[event.key] = DerivedLot(key=event.key, cost=event.dollars, open=lot)
            lots.buy(lot)
        elif event.kind == SPLIT:
            split(event, derived, lots)
        else:
            _sell(event, derived, lots)
    return derived


def _sell(event: Event, derived: Derived, lots: Lots[int]) -> None:
    try:
        parts = lots.sell(event.quantity, event.dollars, event.at)
    except NotEnough as error:
        derived.short.append(Short(event, error.held))
        return
    _note(event, parts, derived)


def _note(event: Event, parts: Sequence[Disposal[int]], derived: Derived) -> None:
    for part in parts:
        derived.lots[part.lot.row].sold.append(
            Sold(
                key=event.key,
                at=event.at,
                quantity=part.quantity,
                cost=part.cost,
                proceeds=part.proceeds,
                long_term=part.long_term,
            )
        )


def split(event: Event, derived: Derived, lots: Lots[int]) -> None:
    """Scale every lot; sell the fraction that is paid out, and give up what rounding made nothing of.

    `lots` are the open ones of `derived`; both change in place.
    """
    before = lots.quantity
    for lot in derived.lots.values():
        lot.open.open_quantity = nano(lot.open.open_quantity * event.new / event.old)
        for part in lot.sold:
            part.quantity = nano(part.quantity * event.new / event.old)
    for lot in derived.lots.values():
        left = lot.open
        if left.open_quantity == ZERO and left.open_cost:
            held = held_long(left.acquired_at, event.at)
            lot.sold.append(Sold(event.key, event.at, ZERO, left.open_cost, ZERO, held))
            left.open_cost = ZERO
    lots.open = [lot for lot in lots.open if lot.open_quantity > ZERO]
    if event.whole:
        fraction = lots.quantity - shares(lots.quantity, fractional=False)
        if fraction:
            _note(event, lots.sell(fraction, event.dollars, event.at), derived)
    derived.splits[event.key] = before, lots.quantity
