"""What a portfolio is worth now, and what it was worth when the exchange's date began."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal

from django.db.models import DecimalField, F, Q, Sum
from django.db.models.functions import Round

from common.money import ZERO, cents
from portfolios.lots import EXCHANGE_ZONE
from portfolios.models import EquityPoint, Holding, LedgerEntry, Portfolio
from portfolios.types import PositionValue, Valuation

TRANSFERS = (LedgerEntry.Kind.DEPOSIT, LedgerEntry.Kind.WITHDRAWAL, LedgerEntry.Kind.OPENING)


def value(portfolio: Portfolio, *, now: datetime) -> Valuation:
    """The portfolio at the latest quotes. Three queries; `portfolio.cash` is taken as it was loaded."""
    positions = {position.symbol: position for position in holdings_of(portfolio)}
    unpriced = tuple(sorted(symbol for symbol, position in positions.items() if position.value is None))
    worth = [position.value for position in positions.values() if position.value is not None]
    equity = None if unpriced else portfolio.cash + sum(worth, ZERO)
    began = day_start_equity(portfolio, now=now)
    return Valuation(
        cash=portfolio.cash,
        equity=equity,
        positions=positions,
        day_start_equity=began,
        day_pnl=None if equity is None else equity - began,
        peak_equity=portfolio.peak_equity if equity is None else max(portfolio.peak_equity, equity),
        unpriced=unpriced,
    )


def holdings_of(portfolio: Portfolio) -> list[PositionValue]:
    """Every holding at its latest price, by symbol. One query."""
    rows = (
        Holding.objects.filter(portfolio=portfolio, quantity__gt=0)
        .order_by("instrument_id")
        .values_list("instrument_id", "quantity", "cost", "instrument__quote__last", "instrument__quote__at")
    )
    return [_position(*row) for row in rows]


def day_start_equity(portfolio: Portfolio, *, now: datetime) -> Decimal:
    """Equity when the exchange's date (New York) began, plus what was paid in and less what was paid out since.

    That is the last recorded point before the date; a portfolio without one began with its deposits.
    """
    point = (
        EquityPoint.objects.filter(portfolio=portfolio, at__lt=day_start(now))
        .order_by("-at")
        .values_list("at", "equity")
        .first()
    )
    if point is None:
        return transfers(portfolio)
    at, equity = point
    return equity + transfers(portfolio, after=at)


def day_start(now: datetime) -> datetime:
    """When the exchange's date of `now` began: midnight in New York."""
    return datetime.combine(now.astimezone(EXCHANGE_ZONE).date(), time.min, EXCHANGE_ZONE)


def transfers(portfolio: Portfolio, *, after: datetime | None = None) -> Decimal:
    """Dollars moved in less dollars moved out, shares brought in counted at their price of that day."""
    when = Q() if after is None else Q(at__gt=after)
    brought = Round(F("quantity") * F("price"), precision=2, output_field=DecimalField(max_digits=20, decimal_places=2))
    sums = LedgerEntry.objects.filter(when, portfolio=portfolio, kind__in=TRANSFERS).aggregate(
        cash=Sum("amount"), shares=Sum(brought, filter=Q(kind=LedgerEntry.Kind.OPENING))
    )
    return (sums["cash"] or ZERO) + (sums["shares"] or ZERO)


def _position(
    symbol: str, quantity: Decimal, cost: Decimal, price: Decimal | None, at: datetime | None
) -> PositionValue:
    worth = None if price is None else cents(quantity * price)
    return PositionValue(
        symbol=symbol,
        quantity=quantity,
        cost=cost,
        price=price,
        value=worth,
        unrealised=None if worth is None else worth - cost,
        as_of=at,
    )
