"""The statements behind `portfolios.ledger`: each writes one table for many rows at once. Used by the ledger alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F

from common.money import ZERO
from portfolios.booking import Booked
from portfolios.lots import Lots, OpenLot
from portfolios.models import Holding, LedgerEntry, Lot, LotDisposal, Portfolio
from portfolios.types import FillBooking

FILL = "fill"  # the source kind of fills and of their fees
KIND_OF_SIDE = {"buy": LedgerEntry.Kind.BUY, "sell": LedgerEntry.Kind.SELL}
# One statement for any number of lots: Django's bulk_update builds a CASE per row, ten times slower at 100 rows.
UPDATE_LOTS = """
UPDATE portfolios_lot AS lot SET open_quantity = new.quantity, open_cost = new.cost
FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[]) AS new(id, quantity, cost) WHERE lot.id = new.id
"""
UPSERT_HOLDINGS = """
INSERT INTO portfolios_holding (portfolio_id, symbol, quantity, cost, updated_at)
SELECT %s::uuid, new.symbol, new.quantity, new.cost, %s::timestamptz
FROM unnest(%s::text[], %s::numeric[], %s::numeric[]) AS new(symbol, quantity, cost)
ON CONFLICT (portfolio_id, symbol) DO UPDATE
SET quantity = excluded.quantity, cost = excluded.cost, updated_at = excluded.updated_at
"""
DELETE_HOLDINGS = "DELETE FROM portfolios_holding WHERE portfolio_id = %s AND symbol = ANY(%s)"


def lock(portfolio: Portfolio) -> Portfolio:
    """The portfolio as it is now, locked until the transaction ends."""
    return Portfolio.objects.select_for_update(no_key=True).get(pk=portfolio.pk)


def not_booked(portfolio: Portfolio, fills: Sequence[FillBooking]) -> list[FillBooking]:
    """The fills without an entry, each once, in the order given."""
    wanted = {fill.source_id: fill for fill in reversed(fills)}
    booked = LedgerEntry.objects.filter(portfolio=portfolio, source_kind=FILL, source_id__in=list(wanted)).values_list(
        "source_id", flat=True
    )
    left = dict.fromkeys(fill.source_id for fill in fills)
    for source_id in booked:
        left.pop(source_id, None)
    return [wanted[source_id] for source_id in left]


def open_lots(portfolio: Portfolio, symbols: Iterable[str]) -> dict[str, Lots[FillBooking | Lot]]:
    """The open lots of these symbols, oldest first."""
    found: dict[str, list[OpenLot[FillBooking | Lot]]] = {symbol: [] for symbol in symbols}
    if not found:
        return {}
    rows = Lot.objects.filter(portfolio=portfolio, instrument__in=list(found), open_quantity__gt=0)
    for row in rows.order_by("acquired_at", "id"):
        found[row.instrument_id].append(
            OpenLot(row=row, acquired_at=row.acquired_at, open_quantity=row.open_quantity, open_cost=row.open_cost)
        )
    return {symbol: Lots(lots) for symbol, lots in found.items()}


def add_entries(portfolio: Portfolio, booked: Sequence[Booked[Lot]]) -> dict[str, LedgerEntry]:
    """Insert the entries of fills and of their fees. Returns the fills' entries by source id."""
    fills, fees = {}, []
    for one in booked:
        fill = one.fill
        common: dict[str, Any] = {
            "portfolio": portfolio,
            "at": fill.at,
            "instrument_id": fill.symbol,
            "source_kind": FILL,
            "source_id": fill.source_id,
            "trace_id": fill.trace_id,
        }
        fills[fill.source_id] = LedgerEntry(
            **common,
            kind=KIND_OF_SIDE[fill.side],
            quantity=one.shares,
            price=fill.price,
            amount=one.amount,
            note=fill.note,
        )
        if one.fee:
            fees.append(LedgerEntry(**common, kind=LedgerEntry.Kind.FEE, amount=one.fee))
    LedgerEntry.objects.bulk_create([*fills.values(), *fees])
    return fills


def write_lots(portfolio: Portfolio, booked: Sequence[Booked[Lot]], entries: Mapping[str, LedgerEntry]) -> None:
    """Insert new lots, update those sold from, insert the disposals."""
    rows = add_lots(
        portfolio,
        [(entries[one.fill.source_id], one.lot, one.fill.quantity, one.cost) for one in booked if one.lot is not None],
    )
    touched: dict[int, OpenLot[FillBooking | Lot]] = {}
    disposals = []
    for one in booked:
        for part in one.disposals:
            row = part.lot.row
            if isinstance(row, FillBooking):  # bought and sold in one batch: add_lots wrote what is left of it
                row = rows[id(part.lot)]
            else:
                touched[row.pk] = part.lot
            disposals.append(
                LotDisposal(
                    lot=row,
                    entry=entries[one.fill.source_id],
                    quantity=part.quantity,
                    cost=part.cost,
                    proceeds=part.proceeds,
                    gain=part.gain,
                    long_term=part.long_term,
                    at=one.fill.at,
                )
            )
    if touched:
        columns = zip(*((pk, lot.open_quantity, lot.open_cost) for pk, lot in touched.items()), strict=True)
        with connection.cursor() as cursor:
            cursor.execute(UPDATE_LOTS, [list(column) for column in columns])
    LotDisposal.objects.bulk_create(disposals)


def add_lots(
    portfolio: Portfolio, lots: Sequence[tuple[LedgerEntry, OpenLot[Any], Decimal, Decimal]]
) -> dict[int, Lot]:
    """Insert lots given as (entry, what is open of it, quantity, cost). Returns the rows by `id()` of the open lot."""
    rows = {
        id(lot): Lot(
            portfolio=portfolio,
            instrument_id=entry.instrument_id or "",
            entry=entry,
            acquired_at=lot.acquired_at,
            quantity=quantity,
            open_quantity=lot.open_quantity,
            cost=cost,
            open_cost=lot.open_cost,
        )
        for entry, lot, quantity, cost in lots
    }
    Lot.objects.bulk_create(rows.values())
    return rows


def change_holdings(portfolio: Portfolio, changes: Mapping[str, tuple[Decimal, Decimal]], now: datetime) -> None:
    """Add (quantity, cost) to each symbol's holding; what comes to 0 is gone."""
    before = {
        symbol: (quantity, cost)
        for symbol, quantity, cost in Holding.objects.filter(
            portfolio=portfolio, instrument__in=list(changes)
        ).values_list("instrument_id", "quantity", "cost")
    }
    kept, gone = [], []
    for symbol, (quantity, cost) in changes.items():
        held, paid = before.get(symbol, (ZERO, ZERO))
        if held + quantity:
            kept.append((symbol, held + quantity, paid + cost))
        elif symbol in before:
            gone.append(symbol)
    with connection.cursor() as cursor:
        if kept:
            columns = [list(column) for column in zip(*kept, strict=True)]
            cursor.execute(UPSERT_HOLDINGS, [portfolio.pk, now, *columns])
        if gone:
            cursor.execute(DELETE_HOLDINGS, [portfolio.pk, gone])


def change_cash(portfolio: Portfolio, amount: Decimal) -> Decimal:
    """Add `amount` to the cash; returns what it is now."""
    portfolio.cash += amount
    Portfolio.objects.filter(pk=portfolio.pk).update(cash=F("cash") + amount, peak_equity=portfolio.peak_equity)
    return portfolio.cash
