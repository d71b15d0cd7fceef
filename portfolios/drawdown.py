"""How far portfolios are below their peaks now."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.db import connection

from common.money import HUNDRED, ZERO, nano

# One statement, so that equity and peak belong to the same moment: money paid in moves both.
STANDING = """
SELECT portfolio.id, portfolio.cash + coalesce(held.value, 0), portfolio.peak_equity
FROM portfolios_portfolio AS portfolio
LEFT JOIN LATERAL (
    SELECT sum(round(holding.quantity * quote.last, 2)) AS value, bool_or(quote.last IS NULL) AS unpriced
    FROM portfolios_holding AS holding LEFT JOIN markets_quote AS quote ON quote.symbol = holding.symbol
    WHERE holding.portfolio_id = portfolio.id AND holding.quantity > 0
) AS held ON true
WHERE portfolio.id = ANY(%(ids)s) AND NOT coalesce(held.unpriced, false)
"""


def drawdowns(portfolio_ids: Sequence[UUID]) -> dict[UUID, Decimal]:
    """Percent below the highest equity, 0 to 100 and more, by portfolio.

    Left out: a portfolio with a holding that has no quote, and one that never was worth anything.
    """
    with connection.cursor() as cursor:
        cursor.execute(STANDING, {"ids": list(portfolio_ids)})
        rows = cursor.fetchall()
    found = {}
    for portfolio_id, equity, recorded in rows:
        peak = max(recorded, equity)
        if peak > ZERO:
            found[portfolio_id] = nano((peak - equity) * HUNDRED / peak)
    return found
