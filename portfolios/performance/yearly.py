"""What each calendar year (New York) realised: gains of sales by holding period, dividends, interest and fees."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import ExtractYear

from common.money import ZERO
from portfolios.lots import EXCHANGE_ZONE
from portfolios.models import LedgerEntry, LotDisposal

Kind = LedgerEntry.Kind


@dataclass(kw_only=True, slots=True)
class Year:
    """Dollars. `fees` are negative."""

    year: int
    short_term: Decimal = ZERO
    long_term: Decimal = ZERO
    dividends: Decimal = ZERO
    interest: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.short_term + self.long_term + self.dividends + self.interest + self.fees


FIELDS = {Kind.DIVIDEND: "dividends", Kind.INTEREST: "interest", Kind.FEE: "fees"}


def realised_by_year(portfolio_id: UUID) -> list[Year]:
    """The newest year first, none in which nothing happened; fees of trades are in their gains. Two queries."""
    years: dict[int, Year] = {}
    sold = LotDisposal.objects.filter(lot__portfolio=portfolio_id)
    of_year = ExtractYear("at", tzinfo=EXCHANGE_ZONE)
    for number, long_term, gain in (
        sold.annotate(year=of_year).values_list("year", "long_term").annotate(Sum("gain")).order_by("year")
    ):
        setattr(years.setdefault(number, Year(year=number)), "long_term" if long_term else "short_term", gain)
    entries = LedgerEntry.objects.filter(portfolio=portfolio_id, kind__in=list(FIELDS))
    entries = entries.exclude(kind=Kind.FEE, instrument__isnull=False)
    for number, kind, amount in (
        entries.annotate(year=of_year).values_list("year", "kind").annotate(Sum("amount")).order_by("year")
    ):
        setattr(years.setdefault(number, Year(year=number)), FIELDS[Kind(kind)], amount)
    return [years[number] for number in sorted(years, reverse=True)]
