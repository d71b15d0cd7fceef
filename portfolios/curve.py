"""The equity curve: a point a minute for every portfolio whose worth changed, and the peak that drawdown needs."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from django.db import connection, transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber, TruncDay, TruncHour

from portfolios.lots import EXCHANGE_ZONE
from portfolios.models import EquityPoint, Portfolio

MINUTE = timedelta(minutes=1)
QUIET = timedelta(hours=1)  # an unchanged portfolio still gets a point this often
KEEP_MINUTES, KEEP_HOURS = timedelta(days=7), timedelta(days=90)
Resolution = Literal["minute", "hour", "day"]

# A portfolio with a holding that has no quote is left out: a guess would spoil limits and statistics.
RECORD = """
INSERT INTO portfolios_equitypoint (portfolio_id, at, equity, cash)
SELECT portfolio.id, %(at)s, portfolio.cash + coalesce(held.value, 0), portfolio.cash
FROM portfolios_portfolio AS portfolio
LEFT JOIN LATERAL (
    SELECT sum(round(holding.quantity * quote.last, 2)) AS value, bool_or(quote.last IS NULL) AS unpriced
    FROM portfolios_holding AS holding LEFT JOIN markets_quote AS quote ON quote.symbol = holding.symbol
    WHERE holding.portfolio_id = portfolio.id AND holding.quantity > 0
) AS held ON true
LEFT JOIN LATERAL (
    SELECT point.at, point.equity, point.cash FROM portfolios_equitypoint AS point
    WHERE point.portfolio_id = portfolio.id ORDER BY point.at DESC LIMIT 1
) AS last ON true
WHERE NOT coalesce(held.unpriced, false)
  AND (last.at IS NULL OR last.at < %(quiet)s
       OR (last.at < %(minute)s
           AND (last.equity, last.cash) IS DISTINCT FROM (portfolio.cash + coalesce(held.value, 0), portfolio.cash)))
ON CONFLICT DO NOTHING
"""
# Rows are locked in the order of their ids, so that two recorders cannot wait for each other.
RAISE_PEAKS = """
WITH higher AS (
    SELECT portfolio.id, point.equity FROM portfolios_portfolio AS portfolio
    JOIN portfolios_equitypoint AS point ON point.portfolio_id = portfolio.id AND point.at = %(at)s
    WHERE point.equity > portfolio.peak_equity ORDER BY portfolio.id FOR NO KEY UPDATE OF portfolio
)
UPDATE portfolios_portfolio AS portfolio SET peak_equity = higher.equity FROM higher
WHERE portfolio.id = higher.id AND higher.equity > portfolio.peak_equity
"""
# The last point before money moved in or out stays: time-weighted returns are exact only with it.
THIN = """
DELETE FROM portfolios_equitypoint AS point USING (
    SELECT id, row_number() OVER (
        PARTITION BY portfolio_id, date_trunc(%(step)s, at, 'America/New_York') ORDER BY at DESC
    ) AS place, lead(at) OVER (PARTITION BY portfolio_id ORDER BY at) AS next_at
    FROM portfolios_equitypoint WHERE at < %(before)s
) AS ranked WHERE point.id = ranked.id AND ranked.place > 1 AND NOT EXISTS (
    SELECT FROM portfolios_ledgerentry AS flow
    WHERE flow.portfolio_id = point.portfolio_id AND flow.kind IN ('deposit', 'withdrawal', 'opening')
      AND flow.at > point.at AND flow.at <= ranked.next_at
)
"""


def record_equity(now: datetime) -> int:
    """Record this minute's point of every portfolio that changed, and raise peaks. Safe to run twice. Returns how many.

    Two statements however many portfolios there are. A point carries the very moment, not its minute: whether a
    deposit of that minute is in it decides about the return.
    """
    minute = now.replace(second=0, microsecond=0)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RECORD, {"at": now, "minute": minute, "quiet": minute + MINUTE - QUIET})
        recorded = cursor.rowcount
        cursor.execute(RAISE_PEAKS, {"at": now})
    return recorded


def thin_equity(now: datetime) -> int:
    """Keep the last point of each hour after a week, of each New York day after 90 days. Returns how many went."""
    gone = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for step, age in (("hour", KEEP_MINUTES), ("day", KEEP_HOURS)):
            cursor.execute(THIN, {"step": step, "before": now - age})
            gone += cursor.rowcount
    return gone


def equity_curve(
    portfolio: Portfolio, *, start: datetime | None = None, end: datetime | None = None, resolution: Resolution = "day"
) -> list[tuple[datetime, Decimal, Decimal]]:
    """(at, equity, cash), oldest first: the last point of each minute, hour or New York day."""
    points = EquityPoint.objects.filter(portfolio=portfolio)
    if start is not None:
        points = points.filter(at__gte=start)
    if end is not None:
        points = points.filter(at__lte=end)
    if resolution != "minute":
        step = (TruncHour if resolution == "hour" else TruncDay)("at", tzinfo=EXCHANGE_ZONE)
        latest = Window(RowNumber(), partition_by=[step], order_by=F("at").desc())
        points = points.annotate(place=latest).filter(place=1)
    return list(points.order_by("at").values_list("at", "equity", "cash"))
