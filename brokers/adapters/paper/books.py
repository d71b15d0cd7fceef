"""The paper broker's own view of an account: what was paid or brought in, plus what was traded here.

Trades come from this broker's own executions and never from our ledger, so that comparing the two proves the booking.
Trades of an imported history were made elsewhere: they count as brought in.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from django.db.models import DecimalField, F, Q, QuerySet, Sum
from django.db.models.functions import Round

from brokers.models import BrokerAccount, PaperFill
from common.money import ZERO
from portfolios.models import LedgerEntry
from portfolios.writing import FILL

TRADES = (LedgerEntry.Kind.BUY, LedgerEntry.Kind.SELL, LedgerEntry.Kind.FEE)
# Each execution is settled to the cent, half up.
SETTLED = Round(F("quantity") * F("price"), precision=2, output_field=DecimalField(max_digits=20, decimal_places=2))


def cash(account: BrokerAccount) -> Decimal:
    """Dollars in the account."""
    paid_in = _transfers(account).aggregate(total=Sum("amount"))["total"] or ZERO
    fills = PaperFill.objects.filter(order__account=account).values("order__side")
    totals = fills.annotate(amount=Sum(SETTLED), fees=Sum("fee")).values_list("order__side", "amount", "fees")
    traded = sum(((amount if side == "sell" else -amount) - fees for side, amount, fees in totals), ZERO)
    return Decimal(paid_in + traded)


def positions(account: BrokerAccount) -> dict[str, Decimal]:
    """Shares by symbol, other than zero."""
    held: dict[str, Decimal] = defaultdict(Decimal)
    brought = _transfers(account).exclude(instrument=None).values_list("instrument").annotate(total=Sum("quantity"))
    for symbol, quantity in brought:
        held[symbol] += quantity
    fills = PaperFill.objects.filter(order__account=account)
    for symbol, side, quantity in fills.values_list("order__instrument", "order__side").annotate(total=Sum("quantity")):
        held[symbol] += quantity if side == "buy" else -quantity
    return {symbol: quantity for symbol, quantity in sorted(held.items()) if quantity}


def _transfers(account: BrokerAccount) -> QuerySet[LedgerEntry]:
    booked_here = Q(kind__in=TRADES, source_kind=FILL)
    return LedgerEntry.objects.filter(portfolio=account.portfolio_id).exclude(booked_here).order_by()
