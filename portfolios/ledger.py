"""The only writer of the books: ledger, lots, holdings and cash change together, under the portfolio's row lock.

A ledger entry is never changed (a database trigger says no); everything else is derived from it in the transaction
that inserts it. Amounts are dollars to the cent. Errors: InvalidInput, Conflict, Oversold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from common.errors import Conflict, InvalidInput
from common.ids import new_id
from common.money import CENT, ZERO, cents, dollars
from markets.models import Instrument, Quote
from portfolios import instructing, writing
from portfolios.booking import Booked, book
from portfolios.lots import Lots, OpenLot
from portfolios.models import LedgerEntry, Lot, Portfolio
from portfolios.peaks import move_peak
from portfolios.types import FillBooking


def deposit(
    *, portfolio: Portfolio, amount: Decimal, now: datetime, source_id: str | None = None, note: str = ""
) -> LedgerEntry:
    """Pay cash in. A `source_id` that was booked before changes nothing and gives the entry of that time."""
    return _transfer(portfolio, LedgerEntry.Kind.DEPOSIT, amount, now, source_id, note)


def withdraw(
    *, portfolio: Portfolio, amount: Decimal, now: datetime, source_id: str | None = None, note: str = ""
) -> LedgerEntry:
    """Take cash out: at most what is there."""
    return _transfer(portfolio, LedgerEntry.Kind.WITHDRAWAL, amount, now, source_id, note)


@transaction.atomic
def open_position(
    *, portfolio: Portfolio, symbol: str, quantity: Decimal, price: Decimal, at: datetime, now: datetime
) -> LedgerEntry:
    """Bring in shares bought elsewhere: acquired at `at` for `price` each. Cash does not change.

    The entry is dated `now` and carries the market price if there is a quote: that is the value brought in. The lot
    keeps the price and date of the purchase.
    """
    wrong = {
        name: f"{number} cannot be booked: a number above 0 is needed."
        for name, number in (("quantity", quantity), ("price", price))
        if not number.is_finite() or number <= ZERO
    }
    if wrong:
        raise InvalidInput(wrong)
    if not Instrument.objects.filter(pk=symbol).exists():
        raise InvalidInput({"symbol": f"{symbol!r} is not a known instrument: check the symbol."})
    locked = writing.lock(portfolio)
    market_price = Quote.objects.filter(pk=symbol).values_list("last", flat=True).first() or price
    entry = LedgerEntry.objects.create(
        portfolio=locked,
        kind=LedgerEntry.Kind.OPENING,
        at=now,
        instrument_id=symbol,
        quantity=quantity,
        price=market_price,
        amount=ZERO,
        source_kind="opening",
        source_id=str(new_id()),
    )
    cost = cents(quantity * price)
    move_peak(locked, cents(quantity * market_price))
    writing.add_lots(
        locked,
        [(entry, OpenLot(row=None, acquired_at=at, open_quantity=quantity, open_cost=cost), quantity, cost)],
    )
    writing.change_holdings(locked, {symbol: (quantity, cost)}, now)
    return entry


@transaction.atomic
def book_fills(*, portfolio: Portfolio, fills: Sequence[FillBooking], now: datetime) -> list[LedgerEntry]:
    """Book executions in this order; those booked before are left alone. Returns the new buy and sell entries.

    A dozen statements however many fills. Oversold if one sells more than is held: then nothing is booked.
    `portfolio.cash` is brought up to date.
    """
    locked = writing.lock(portfolio)
    new = writing.not_booked(locked, fills)
    if not new:
        return []
    lots: dict[str, Lots[FillBooking | Lot]] = defaultdict(Lots)
    lots.update(writing.open_lots(locked, {fill.symbol for fill in new if fill.side == "sell"}))
    orders = instructing.orders_of(new)
    booked: list[Booked[Lot]] = [book(fill, lots, orders.get(fill.order_id)) for fill in new]
    entries = writing.add_entries(locked, booked)
    writing.write_lots(locked, booked, entries)
    changes: dict[str, tuple[Decimal, Decimal]] = {}
    for one in booked:
        quantity, cost = changes.get(one.fill.symbol, (ZERO, ZERO))
        changes[one.fill.symbol] = (quantity + one.shares, cost + one.cost)
    writing.change_holdings(locked, changes, now)
    portfolio.cash = writing.change_cash(locked, sum((one.amount + one.fee for one in booked), ZERO))
    return list(entries.values())


@transaction.atomic
def _transfer(
    portfolio: Portfolio, kind: LedgerEntry.Kind, amount: Decimal, now: datetime, source_id: str | None, note: str
) -> LedgerEntry:
    if not amount.is_finite() or amount <= ZERO or amount % CENT:
        raise InvalidInput({"amount": f"{amount} is not an amount: give dollars above 0, to the cent."})
    locked = writing.lock(portfolio)
    if source_id is not None:
        before = LedgerEntry.objects.filter(
            portfolio=locked, source_kind=kind.value, source_id=source_id, kind=kind
        ).first()
        if before is not None:
            return before
    if kind is LedgerEntry.Kind.WITHDRAWAL:
        if amount > locked.cash:
            raise Conflict(
                f"{dollars(amount)} cannot be withdrawn: {locked.name} has {dollars(locked.cash)} in cash. "
                "Withdraw less, or sell something first.",
                code="not_enough_cash",
            )
        amount = -amount
    entry = LedgerEntry.objects.create(
        portfolio=locked,
        kind=kind,
        at=now,
        amount=amount,
        source_kind=kind.value,
        source_id=source_id or str(new_id()),
        note=note,
    )
    move_peak(locked, amount)
    portfolio.cash = writing.change_cash(locked, amount)
    portfolio.peak_equity = locked.peak_equity
    return entry
