"""Prove that ledger = lots = holdings = cash, to the cent and the last share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce

from common.money import NANO, ZERO, plain
from portfolios.models import Holding, LedgerEntry, Lot, LotDisposal, Portfolio
from portfolios.types import Discrepancy

Kind = LedgerEntry.Kind
Splits = Mapping[str, Sequence[tuple[datetime, Decimal]]]


def audit(portfolio: Portfolio) -> list[Discrepancy]:
    """Every disagreement between the portfolio's books; empty when all agree."""
    splits = _splits_of(portfolio)
    return [
        *_cash(portfolio),
        *_shares(portfolio),
        *_lots(portfolio),
        *_purchases(portfolio, splits),
        *_sales(portfolio, splits),
        *_payouts(portfolio),
    ]


def _cash(portfolio: Portfolio) -> Iterator[Discrepancy]:
    found = Portfolio.objects.values_list("cash", flat=True).get(pk=portfolio.pk)
    booked = LedgerEntry.objects.filter(portfolio=portfolio).aggregate(sum=Sum("amount"))["sum"] or ZERO
    yield from _differ("cash", "cash", booked, found, "The ledger's amounts come to {} dollars, the cash says {}.")


def _shares(portfolio: Portfolio) -> Iterator[Discrepancy]:
    """Ledger, lots and holdings agree on each symbol's shares; lots and holdings on what they cost."""
    ledger = dict(
        LedgerEntry.objects.filter(portfolio=portfolio, instrument__isnull=False)
        .values_list("instrument_id")
        .annotate(shares=Sum("quantity"))
    )
    lots = {
        symbol: (shares, cost)
        for symbol, shares, cost in Lot.objects.filter(portfolio=portfolio)
        .values_list("instrument_id")
        .annotate(shares=Sum("open_quantity"), cost=Sum("open_cost"))
    }
    held = {row.instrument_id: row for row in Holding.objects.filter(portfolio=portfolio)}
    for symbol in sorted({*ledger, *lots, *held}):
        booked = ledger.get(symbol) or ZERO
        open_shares, open_cost = lots.get(symbol, (ZERO, ZERO))
        holding = held.get(symbol)
        shares, cost = (holding.quantity, holding.cost) if holding else (ZERO, ZERO)
        yield from _differ("lots", symbol, booked, open_shares, f"{symbol}: the ledger has {{}} shares, the lots {{}}.")
        yield from _differ(
            "holding", symbol, booked, shares, f"{symbol}: the ledger has {{}} shares, the holding {{}}."
        )
        yield from _differ("cost", symbol, open_cost, cost, f"{symbol}: the lots cost {{}} dollars, the holding {{}}.")


def _lots(portfolio: Portfolio) -> Iterator[Discrepancy]:
    """What was bought = what was sold of it + what is open."""
    rows = (
        Lot.objects.filter(portfolio=portfolio)
        .annotate(sold=Coalesce(Sum("disposals__quantity"), ZERO), sold_cost=Coalesce(Sum("disposals__cost"), ZERO))
        .exclude(quantity=F("open_quantity") + F("sold"), cost=F("open_cost") + F("sold_cost"))
    )
    for lot in rows:
        name = f"lot {lot.pk} ({lot.instrument_id})"
        shares, cost = lot.quantity - lot.sold, lot.cost - lot.sold_cost
        text = f"{name}: after its sales {{}} shares should be open, it says {{}}."
        yield from _differ("lot_shares", name, shares, lot.open_quantity, text)
        text = f"{name}: after its sales {{}} dollars of cost should be open, it says {{}}."
        yield from _differ("lot_cost", name, cost, lot.open_cost, text)


def _purchases(portfolio: Portfolio, splits: Splits) -> Iterator[Discrepancy]:
    """Each purchase has a lot of its size (carried over the splits since) and price, the fee included."""
    fees = _fees(portfolio)
    entries = LedgerEntry.objects.filter(portfolio=portfolio, kind__in=(Kind.BUY, Kind.OPENING))
    rows = entries.annotate(parts=Count("lot__disposals")).values_list(
        "source_id", "kind", "quantity", "amount", "lot__quantity", "lot__cost", "instrument_id", "at", "parts"
    )
    for source_id, kind, quantity, amount, lot_quantity, lot_cost, symbol, at, parts in rows:
        name = f"{kind} {source_id}"
        expected, tolerance = _carried(quantity, splits.get(symbol, ()), at, parts)
        text = f"{name}: {{}} shares were booked, its lot has {{}}."
        yield from _differ("purchase", name, expected, lot_quantity or ZERO, text, tolerance)
        if kind == Kind.BUY:
            paid = -amount - fees.get(source_id, ZERO)
            text = f"{name}: {{}} dollars were paid, its lot cost {{}}."
            yield from _differ("purchase_cost", name, paid, lot_cost or ZERO, text)


def _sales(portfolio: Portfolio, splits: Splits) -> Iterator[Discrepancy]:
    """Each sale took as many shares from lots as it sold, and shared out exactly what it brought."""
    fees = _fees(portfolio)
    sums = {
        entry: (shares, proceeds, gain - proceeds + cost, parts)
        for entry, shares, proceeds, gain, cost, parts in LotDisposal.objects.filter(entry__portfolio=portfolio)
        .values_list("entry_id")
        .annotate(Sum("quantity"), Sum("proceeds"), Sum("gain"), Sum("cost"), Count("id"))
    }
    entries = LedgerEntry.objects.filter(portfolio=portfolio, kind=Kind.SELL)
    rows = entries.values_list("pk", "source_id", "quantity", "amount", "instrument_id", "at")
    for pk, source_id, quantity, amount, symbol, at in rows:
        name = f"sale {source_id}"
        shares, proceeds, excess, parts = sums.get(pk, (ZERO, ZERO, ZERO, 0))
        expected, tolerance = _carried(-quantity, splits.get(symbol, ()), at, parts)
        text = f"{name}: {{}} shares were sold, the lots gave {{}}."
        yield from _differ("sale", name, expected, shares, text, tolerance)
        brought = amount + fees.get(source_id, ZERO)
        text = f"{name}: {{}} dollars came in, the lots were credited {{}}."
        yield from _differ("sale_proceeds", name, brought, proceeds, text)
        text = f"{name}: gain should be proceeds less cost, off by {{}}, found {{}}."
        yield from _differ("sale_gain", name, ZERO, excess, text)


def _payouts(portfolio: Portfolio) -> Iterator[Discrepancy]:
    """What a split paid in lieu of a fraction is what its lots were credited."""
    splits = LedgerEntry.objects.filter(portfolio=portfolio, kind=Kind.SPLIT)
    rows = splits.annotate(credited=Coalesce(Sum("disposals__proceeds"), ZERO)).exclude(amount=F("credited"))
    for entry in rows:
        name = f"split {entry.source_id}"
        text = f"{name}: {{}} dollars were paid out, the lots were credited {{}}."
        yield from _differ("split_payout", name, entry.amount, entry.credited, text)


def _splits_of(portfolio: Portfolio) -> Splits:
    """The splits in the ledger by symbol, oldest first: (when, new shares for one old)."""
    found: dict[str, list[tuple[datetime, Decimal]]] = {}
    rows = LedgerEntry.objects.filter(portfolio=portfolio, kind=Kind.SPLIT, new_shares__isnull=False)
    for symbol, at, new, old in rows.order_by("at", "id").values_list(
        "instrument_id", "at", "new_shares", "old_shares"
    ):
        found.setdefault(symbol or "", []).append((at, Decimal(new or 1) / (old or 1)))
    return found


def _carried(
    quantity: Decimal, splits: Sequence[tuple[datetime, Decimal]], at: datetime, parts: int
) -> tuple[Decimal, Decimal]:
    """Shares of a day in today's shares, and how far rounding may be off: a nano per part and split since."""
    tolerance = ZERO
    for when, ratio in splits:
        if when > at:
            quantity *= ratio
            tolerance = tolerance * ratio + NANO * (parts + 1)
    return quantity, tolerance


def _fees(portfolio: Portfolio) -> dict[str, Decimal]:
    """Fees (negative dollars) by the fill they belong to."""
    return dict(LedgerEntry.objects.filter(portfolio=portfolio, kind=Kind.FEE).values_list("source_id", "amount"))


def _differ(
    code: str, subject: str, expected: Decimal, found: Decimal, text: str, tolerance: Decimal = ZERO
) -> Iterator[Discrepancy]:
    if abs(expected - found) > tolerance:
        message = text.format(plain(expected), plain(found))
        yield Discrepancy(code=code, subject=subject, expected=expected, found=found, message=message)
