"""Prove that ledger = lots = holdings = cash, to the cent and the last share."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from common.money import ZERO, plain
from portfolios.models import Holding, LedgerEntry, Lot, LotDisposal, Portfolio
from portfolios.types import Discrepancy

Kind = LedgerEntry.Kind


def audit(portfolio: Portfolio) -> list[Discrepancy]:
    """Every disagreement between the portfolio's books; empty when all agree."""
    return [*_cash(portfolio), *_shares(portfolio), *_lots(portfolio), *_purchases(portfolio), *_sales(portfolio)]


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


def _purchases(portfolio: Portfolio) -> Iterator[Discrepancy]:
    """Each purchase has a lot of its size and price, the fee included."""
    fees = _fees(portfolio)
    entries = LedgerEntry.objects.filter(portfolio=portfolio, kind__in=(Kind.BUY, Kind.OPENING))
    rows = entries.values_list("source_id", "kind", "quantity", "amount", "lot__quantity", "lot__cost")
    for source_id, kind, quantity, amount, lot_quantity, lot_cost in rows:
        name = f"{kind} {source_id}"
        yield from _differ(
            "purchase", name, quantity, lot_quantity or ZERO, f"{name}: {{}} shares were booked, its lot has {{}}."
        )
        if kind == Kind.BUY:
            paid = -amount - fees.get(source_id, ZERO)
            text = f"{name}: {{}} dollars were paid, its lot cost {{}}."
            yield from _differ("purchase_cost", name, paid, lot_cost or ZERO, text)


def _sales(portfolio: Portfolio) -> Iterator[Discrepancy]:
    """Each sale took as many shares from lots as it sold, and shared out exactly what it brought."""
    fees = _fees(portfolio)
    sums = {
        entry: (shares, proceeds, gain - proceeds + cost)
        for entry, shares, proceeds, gain, cost in LotDisposal.objects.filter(entry__portfolio=portfolio)
        .values_list("entry_id")
        .annotate(Sum("quantity"), Sum("proceeds"), Sum("gain"), Sum("cost"))
    }
    entries = LedgerEntry.objects.filter(portfolio=portfolio, kind=Kind.SELL)
    for pk, source_id, quantity, amount in entries.values_list("pk", "source_id", "quantity", "amount"):
        name = f"sale {source_id}"
        shares, proceeds, excess = sums.get(pk, (ZERO, ZERO, ZERO))
        yield from _differ("sale", name, -quantity, shares, f"{name}: {{}} shares were sold, the lots gave {{}}.")
        brought = amount + fees.get(source_id, ZERO)
        text = f"{name}: {{}} dollars came in, the lots were credited {{}}."
        yield from _differ("sale_proceeds", name, brought, proceeds, text)
        text = f"{name}: gain should be proceeds less cost, off by {{}}, found {{}}."
        yield from _differ("sale_gain", name, ZERO, excess, text)


def _fees(portfolio: Portfolio) -> dict[str, Decimal]:
    """Fees (negative dollars) by the fill they belong to."""
    return dict(LedgerEntry.objects.filter(portfolio=portfolio, kind=Kind.FEE).values_list("source_id", "amount"))


def _differ(code: str, subject: str, expected: Decimal, found: Decimal, text: str) -> Iterator[Discrepancy]:
    if expected != found:
        message = text.format(plain(expected), plain(found))
        yield Discrepancy(code=code, subject=subject, expected=expected, found=found, message=message)
