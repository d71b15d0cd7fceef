"""The books of a rule's trades alone: what they brought after costs, and how bad it looked on the way. Plain Python.

The rule's trades are a book that begins empty. A buy opens a lot; a sale closes the oldest lots (first in, first out)
as a round trip. A sale with no lot left sells what was held before the rule: its result is the value saved (or lost)
against holding on, so it stands open and is marked at the last price like everything else that is open.

Result = proceeds of the sales - cost of the buys - fees + what is open at the last price. In dollars, to the cent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from common.money import ZERO, cents

BUY, SELL = "buy", "sell"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trade:
    """`quantity` shares (above 0) at `price` dollars each, for `fee` dollars in all."""

    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A stretch of the market that began at `at`: the lowest and highest price in it."""

    at: datetime
    low: Decimal
    high: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Worst:
    """The lowest the result ever stood, 0 or below, and when; `at` is None when it was never below 0."""

    result: Decimal
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BookResult:
    """What the trades came to, in dollars. `result` = `realised` + `open`, fees taken off.

    `open_quantity`: shares bought and not sold again; below 0, shares sold that were held before the rule.
    """

    trades: int
    round_trips: int
    realised: Decimal
    open: Decimal
    result: Decimal
    fees: Decimal
    open_quantity: Decimal
    worst: Worst


@dataclass(slots=True)
class _Lot:
    """Shares still open on one side; `unit` is dollars per share with the fee in it."""

    quantity: Decimal
    unit: Decimal


def result_of(trades: Iterable[Trade], *, last: Decimal, marks: Sequence[Mark] = ()) -> BookResult:
    """The result of `trades` (any order) with what is open marked at `last`; `marks` tell the worst moment."""
    ordered = sorted(trades, key=lambda trade: trade.at)
    realised, round_trips = _matched(ordered)
    quantity, cash = _position(ordered)
    result = cents(cash + quantity * last)
    return BookResult(
        trades=len(ordered),
        round_trips=round_trips,
        realised=realised,
        open=result - realised,
        result=result,
        fees=sum((trade.fee for trade in ordered), ZERO),
        open_quantity=quantity,
        worst=worst_of(ordered, marks, result),
    )


def _matched(ordered: Sequence[Trade]) -> tuple[Decimal, int]:
    """What closed lots brought, and how many sales closed one."""
    lots: deque[_Lot] = deque()
    realised, round_trips = ZERO, 0
    for trade in ordered:
        if trade.side == BUY:
            lots.append(_Lot(trade.quantity, trade.price + trade.fee / trade.quantity))
            continue
        left, unit = trade.quantity, trade.price - trade.fee / trade.quantity
        round_trips += bool(lots)
        while left > ZERO and lots:
            part = min(left, lots[0].quantity)
            realised += part * (unit - lots[0].unit)
            lots[0].quantity -= part
            left -= part
            if not lots[0].quantity:
                lots.popleft()
    return cents(realised), round_trips


def _position(trades: Iterable[Trade]) -> tuple[Decimal, Decimal]:
    """Shares and dollars the trades leave behind."""
    quantity = cash = ZERO
    for trade in trades:
        quantity, cash = _after(trade, quantity, cash)
    return quantity, cash


def _after(trade: Trade, quantity: Decimal, cash: Decimal) -> tuple[Decimal, Decimal]:
    value = trade.quantity * trade.price
    if trade.side == BUY:
        return quantity + trade.quantity, cash - value - trade.fee
    return quantity - trade.quantity, cash + value - trade.fee


def worst_of(ordered: Sequence[Trade], marks: Iterable[Mark], final: Decimal) -> Worst:
    """The lowest the running result stood: right after each trade, at the worse end of each later mark, and now.

    A mark that began before a trade does not count for it: which came first within it is not known.
    """
    quantity = cash = lowest = ZERO
    at: datetime | None = None
    waiting = deque(ordered)

    def look(when: datetime, price: Decimal) -> None:
        nonlocal lowest, at
        value = cents(cash + quantity * price)
        if value < lowest:
            lowest, at = value, when

    def trade_until(moment: datetime | None) -> None:
        nonlocal quantity, cash
        while waiting and (moment is None or waiting[0].at <= moment):
            trade = waiting.popleft()
            quantity, cash = _after(trade, quantity, cash)
            look(trade.at, trade.price)

    for mark in sorted(marks, key=lambda mark: mark.at):
        trade_until(mark.at)
        look(mark.at, mark.low if quantity > ZERO else mark.high)
    trade_until(None)
    if final < lowest:
        lowest, at = final, ordered[-1].at if ordered else None
    return Worst(result=lowest, at=at)
