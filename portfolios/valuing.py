"""What a portfolio is worth now, and what it was worth when the exchange's date began."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from decimal import Decimal
from uuid import UUID

from django.db import connection

from common.money import ZERO, cents
from portfolios.lots import EXCHANGE_ZONE
from portfolios.models import Holding, Portfolio
from portfolios.types import PositionValue, Valuation

# The last point before the date and what was moved since; a portfolio without a point began with its deposits.
DAY_STARTS = """
SELECT portfolio.id, coalesce(point.equity, 0) + coalesce(moved.amount, 0)
FROM portfolios_portfolio AS portfolio
LEFT JOIN LATERAL (
    SELECT at, equity FROM portfolios_equitypoint
    WHERE portfolio_id = portfolio.id AND at < %(day)s ORDER BY at DESC LIMIT 1
) AS point ON true
LEFT JOIN LATERAL (
    SELECT sum(amount + CASE WHEN kind = 'opening' THEN round(quantity * price, 2) ELSE 0 END) AS amount
    FROM portfolios_ledgerentry
    WHERE portfolio_id = portfolio.id AND kind IN ('deposit', 'withdrawal', 'opening')
      AND (point.at IS NULL OR at > point.at)
) AS moved ON true
WHERE portfolio.id = ANY(%(ids)s)
"""


def value(portfolio: Portfolio, *, now: datetime) -> Valuation:
    """The portfolio at the latest quotes. Two queries; `portfolio.cash` is taken as it was loaded."""
    return value_all([portfolio], now=now)[portfolio.pk]


def value_all(portfolios: Sequence[Portfolio], *, now: datetime) -> dict[UUID, Valuation]:
    """`value` of several portfolios by id, in the same two queries."""
    held: dict[UUID, dict[str, PositionValue]] = {portfolio.pk: {} for portfolio in portfolios}
    for portfolio_id, position in _positions(list(held)):
        held[portfolio_id][position.symbol] = position
    began = day_starts(list(held), now=now)
    return {portfolio.pk: _valuation(portfolio, held[portfolio.pk], began[portfolio.pk]) for portfolio in portfolios}


def _valuation(portfolio: Portfolio, positions: dict[str, PositionValue], began: Decimal) -> Valuation:
    unpriced = tuple(symbol for symbol, position in positions.items() if position.value is None)
    worth = [position.value for position in positions.values() if position.value is not None]
    equity = None if unpriced else portfolio.cash + sum(worth, ZERO)
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
    return [position for _, position in _positions([portfolio.pk])]


def _positions(portfolio_ids: Sequence[UUID]) -> Iterator[tuple[UUID, PositionValue]]:
    rows = Holding.objects.filter(portfolio__in=portfolio_ids, quantity__gt=0).order_by("instrument_id")
    names = ("portfolio_id", "instrument_id", "quantity", "cost", "instrument__quote__last", "instrument__quote__at")
    for portfolio_id, *position in rows.values_list(*names):
        yield portfolio_id, _position(*position)


def day_starts(portfolio_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Decimal]:
    """Equity when the exchange's date (New York) began, plus what was paid in and less what was paid out since."""
    with connection.cursor() as cursor:
        cursor.execute(DAY_STARTS, {"day": day_start(now), "ids": list(portfolio_ids)})
        return dict(cursor.fetchall())


def day_start(now: datetime) -> datetime:
    """When the exchange's date of `now` began: midnight in New York."""
    return datetime.combine(now.astimezone(EXCHANGE_ZONE).date(), time.min, EXCHANGE_ZONE)


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
