"""Derive lots, disposals and holdings from the ledger again. The ledger is the truth; it is only read here.

Hold the portfolio's lock. A lot keeps its row: it is found again by the entry it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from common.money import ZERO
from portfolios import writing
from portfolios.deriving import BUY, OPENING, SELL, SPLIT, Derived, DerivedLot, Event, Sold, derive
from portfolios.lots import Lots, OpenLot
from portfolios.models import Holding, LedgerEntry, Lot, LotDisposal, Portfolio

Kind = LedgerEntry.Kind
KINDS = {Kind.BUY: BUY, Kind.SELL: SELL, Kind.OPENING: OPENING, Kind.SPLIT: SPLIT}


@transaction.atomic
def rebuild(portfolio: Portfolio, symbols: Iterable[str] | None = None, *, now: datetime) -> list[str]:
    """Derive these symbols (None: all) from the ledger, first in first out. Returns those that came out differently."""
    locked = writing.lock(portfolio)
    if symbols is None:
        entries = LedgerEntry.objects.filter(portfolio=locked, instrument__isnull=False)
        symbols = entries.order_by("instrument").values_list("instrument_id", flat=True).distinct()
    changed = []
    for symbol in sorted(set(symbols)):
        derived = derive(events_of(locked, symbol))
        if not same(derived, standing(locked, symbol)):
            write(locked, symbol, derived, now=now)
            changed.append(symbol)
    return changed


def events_of(portfolio: Portfolio, symbol: str) -> list[Event]:
    """The symbol's entries in order of time. What the ledger does not hold of an opening position, its lot does."""
    entries = LedgerEntry.objects.filter(portfolio=portfolio, instrument=symbol)
    fees = {
        (source_kind, source_id): amount
        for source_kind, source_id, amount in entries.filter(kind=Kind.FEE).values_list(
            "source_kind", "source_id", "amount"
        )
    }
    rows = entries.filter(kind__in=KINDS).select_related("lot").order_by("at", "id")
    return [
        _event(row, fees.get((row.source_kind, row.source_id), ZERO))
        for row in rows
        if row.kind != Kind.SPLIT or row.new_shares
    ]


def _event(row: LedgerEntry, fee: Decimal) -> Event:
    kind = KINDS[LedgerEntry.Kind(row.kind)]
    if kind == SPLIT:
        return Event(
            key=row.pk,
            at=row.at,
            kind=kind,
            dollars=row.amount,
            new=row.new_shares or 1,
            old=row.old_shares or 1,
            whole=bool(row.amount),
        )
    if kind == OPENING:
        return Event(
            key=row.pk,
            at=row.at,
            kind=kind,
            quantity=row.quantity,
            dollars=row.lot.cost,
            acquired_at=row.lot.acquired_at,
        )
    return Event(key=row.pk, at=row.at, kind=kind, quantity=abs(row.quantity), dollars=abs(row.amount + fee))


def standing(portfolio: Portfolio, symbol: str) -> Derived:
    """The lots and disposals as they stand, in the words of `deriving`."""
    derived = Derived()
    rows = Lot.objects.filter(portfolio=portfolio, instrument=symbol).prefetch_related("disposals")
    for row in rows.order_by("acquired_at", "id"):
        sold = [
            Sold(part.entry_id, part.at, part.quantity, part.cost, part.proceeds, part.long_term)
            for part in row.disposals.all()
        ]
        left = OpenLot(
            row=row.entry_id, acquired_at=row.acquired_at, open_quantity=row.open_quantity, open_cost=row.open_cost
        )
        derived.lots[row.entry_id] = DerivedLot(key=row.entry_id, cost=row.cost, open=left, sold=sold)
    return derived


def open_lots(derived: Derived) -> Lots[int]:
    """What is still open of the lots, oldest first."""
    return Lots(lot.open for lot in derived.lots.values() if lot.open.open_quantity > ZERO)


def same(one: Derived, other: Derived) -> bool:
    """Whether two derivations hold the same lots and took the same parts of them."""
    return _facts(one) == _facts(other)


def _facts(derived: Derived) -> set[tuple[object, ...]]:
    lots = {(lot.key, lot.cost, lot.open.open_quantity, lot.open.open_cost) for lot in derived.lots.values()}
    parts: set[tuple[object, ...]] = {
        (lot.key, part.key, part.quantity, part.cost, part.proceeds)
        for lot in derived.lots.values()
        for part in lot.sold
    }
    return parts | lots


def write(portfolio: Portfolio, symbol: str, derived: Derived, *, now: datetime) -> None:
    """Make the derived rows of the symbol say this."""
    rows = {row.entry_id: row for row in Lot.objects.filter(portfolio=portfolio, instrument=symbol)}
    LotDisposal.objects.filter(lot__in=rows.values()).delete()
    for lot in derived.lots.values():
        row = rows.get(lot.key) or Lot(portfolio=portfolio, instrument_id=symbol, entry_id=lot.key)
        row.acquired_at, row.quantity, row.cost = lot.open.acquired_at, lot.quantity, lot.cost
        row.open_quantity, row.open_cost = lot.open.open_quantity, lot.open.open_cost
        rows[lot.key] = row
    Lot.objects.bulk_create([row for row in rows.values() if row.pk is None])
    Lot.objects.bulk_update(list(rows.values()), ["acquired_at", "quantity", "cost", "open_quantity", "open_cost"])
    LotDisposal.objects.bulk_create(
        LotDisposal(
            lot=rows[lot.key],
            entry_id=part.key,
            quantity=part.quantity,
            cost=part.cost,
            proceeds=part.proceeds,
            gain=part.proceeds - part.cost,
            long_term=part.long_term,
            at=part.at,
        )
        for lot in derived.lots.values()
        for part in sorted(lot.sold, key=lambda one: (one.at, one.key))
    )
    if derived.shares:
        Holding.objects.update_or_create(
            portfolio=portfolio,
            instrument_id=symbol,
            defaults={"quantity": derived.shares, "cost": derived.cost, "updated_at": now},
        )
    else:
        Holding.objects.filter(portfolio=portfolio, instrument_id=symbol).delete()
