"""The day's loss and the concentration of many portfolios at the latest quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from common.money import HUNDRED, ZERO, nano
from portfolios.valuing import day_starts

# Portfolios with a holding that has no quote are left out, as everywhere: nothing may be built on a guess.
HELD = """
SELECT portfolio.id, portfolio.cash + coalesce(held.value, 0), coalesce(held.value, 0), coalesce(held.largest, 0),
       coalesce(held.squares, 0)
FROM portfolios_portfolio AS portfolio
LEFT JOIN LATERAL (
    SELECT sum(one.value) AS value, max(one.value) AS largest, sum(one.value * one.value) AS squares,
           bool_or(one.value IS NULL) AS unpriced
    FROM (
        SELECT round(holding.quantity * quote.last, 2) AS value
        FROM portfolios_holding AS holding LEFT JOIN markets_quote AS quote ON quote.symbol = holding.symbol
        WHERE holding.portfolio_id = portfolio.id AND holding.quantity > 0
    ) AS one
) AS held ON true
WHERE portfolio.id = ANY(%(ids)s) AND NOT coalesce(held.unpriced, false)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """Dollars: equity, what is invested, the largest holding; and the sum of the holdings' squares."""

    equity: Decimal
    invested: Decimal
    largest: Decimal
    squares: Decimal


def held(portfolio_ids: Sequence[UUID]) -> dict[UUID, Held]:
    """What the portfolios hold, in one query; those with an unpriced holding are left out."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"ids": list(portfolio_ids)})
        return {
            portfolio_id: Held(equity=equity, invested=invested, largest=largest, squares=squares)
            for portfolio_id, equity, invested, largest, squares in cursor.fetchall()
        }


def daily_losses(portfolio_ids: Sequence[UUID], now: datetime) -> dict[UUID, Decimal]:
    """Percent lost since the exchange's date began; a gain is negative. Money paid in or out is neither.

    Two queries. Left out: portfolios with an unpriced holding, and those that began the day with nothing.
    """
    began = day_starts(portfolio_ids, now=now)
    return {
        portfolio_id: nano((began[portfolio_id] - one.equity) * HUNDRED / began[portfolio_id])
        for portfolio_id, one in held(portfolio_ids).items()
        if began.get(portfolio_id, ZERO) > ZERO
    }


def largest_weights(portfolio_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Percent of the equity, cash included, in the largest holding. Left out as in `held`, and without equity."""
    return {
        portfolio_id: nano(one.largest * HUNDRED / one.equity)
        for portfolio_id, one in held(portfolio_ids).items()
        if one.equity > ZERO
    }


def concentrations(portfolio_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Herfindahl and Hirschman's index of what is invested: 1 is one holding, 1/n is n equal ones, 0 is all cash."""
    return {
        portfolio_id: nano(one.squares / one.invested**2) if one.invested > ZERO else ZERO
        for portfolio_id, one in held(portfolio_ids).items()
    }
