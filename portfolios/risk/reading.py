"""What the holdings of many portfolios could lose in a day: today's positions over the last 250 sessions' closes.

Historical simulation: the account's own past says little about what it holds today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
from django.db import connection

from common.money import HUNDRED, ZERO, nano
from markets.closes import daily_closes_between
from portfolios.lots import EXCHANGE_ZONE
from portfolios.measuring.aligning import side_by_side, simple_returns
from portfolios.measuring.figures import Floats
from portfolios.measuring.risk import historical_var

SESSIONS = 250
LOOK_BACK = timedelta(days=400)  # holds 250 sessions of any exchange
# Portfolios with a holding that has no quote are left out, as everywhere: nothing may be built on a guess.
POSITIONS = """
SELECT portfolio.id, portfolio.cash::float8, held.symbols, held.amounts
FROM portfolios_portfolio AS portfolio
LEFT JOIN LATERAL (
    SELECT array_agg(holding.symbol::text) AS symbols, bool_or(quote.last IS NULL) AS unpriced,
           array_agg(round(holding.quantity * quote.last, 2)::float8) AS amounts
    FROM portfolios_holding AS holding LEFT JOIN markets_quote AS quote ON quote.symbol = holding.symbol
    WHERE holding.portfolio_id = portfolio.id AND holding.quantity > 0
) AS held ON true
WHERE portfolio.id = ANY(%(ids)s) AND NOT coalesce(held.unpriced, false)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """What a portfolio holds, in dollars."""

    cash: float
    values: dict[str, float]

    @property
    def equity(self) -> float:
        return self.cash + sum(self.values.values())


def positions_of(portfolio_ids: Sequence[UUID]) -> dict[UUID, Position]:
    """Holdings at the latest quotes, in one query; portfolios with an unpriced holding are left out."""
    with connection.cursor() as cursor:
        cursor.execute(POSITIONS, {"ids": list(portfolio_ids)})
        return {
            portfolio_id: Position(cash=cash, values=dict(zip(symbols or [], amounts or [], strict=True)))
            for portfolio_id, cash, symbols, amounts in cursor.fetchall()
        }


def value_at_risk(portfolio_ids: Sequence[UUID], now: datetime, *, confidence: float = 0.95) -> dict[UUID, Decimal]:
    """Percent of equity that a day's loss exceeds on 1 − `confidence` of days; 0 or more. Two queries for all.

    Left out: portfolios without equity, with an unpriced holding, or with too few days (60; 100 for 0.99) on which
    all holdings have a return. An account in cash has 0.
    """
    found: dict[UUID, Decimal] = {}
    positions = {key: one for key, one in positions_of(portfolio_ids).items() if one.equity > 0}
    symbols = sorted({symbol for one in positions.values() for symbol in one.values})
    moves = _moves(symbols, now)
    rows = {symbol: row for row, symbol in enumerate(symbols)}
    for portfolio_id, position in positions.items():
        if not position.values:
            found[portfolio_id] = ZERO
            continue
        held = [rows[symbol] for symbol in position.values]
        weights = np.array(list(position.values.values())) / position.equity
        figure = historical_var(simulated(weights, moves[held]), confidence)
        if figure.value is not None:
            found[portfolio_id] = nano(max(Decimal(figure.value) * HUNDRED, ZERO))
    return found


def simulated(weights: Floats, moves: Floats) -> Floats:
    """What holdings of these weights would have made each day; days on which one of them has no return are left out."""
    days = weights @ moves
    return np.asarray(days[~np.isnan(days)], dtype=np.float64)


def _moves(symbols: Sequence[str], now: datetime) -> Floats:
    """Daily returns of each symbol over the last 250 sessions."""
    today = now.astimezone(EXCHANGE_ZONE).date()
    closes = daily_closes_between(symbols, start=today - LOOK_BACK, end=today)
    return simple_returns(side_by_side(closes, symbols, SESSIONS + 1)[1])
