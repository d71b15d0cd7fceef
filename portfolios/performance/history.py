"""A portfolio's equity curve and the money that came and went, as daily growths."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection

from markets.calendar import XNYS
from markets.models import MarketSession
from portfolios.lots import EXCHANGE_ZONE
from portfolios.measuring.returns import Daily, Flow, Point, linked
from portfolios.models import LedgerEntry, Portfolio

# Opening positions come in at their market value; dividends, interest and fees are the account's own doing.
FLOWS = """
SELECT at, sum(amount + CASE WHEN kind = 'opening' THEN round(quantity * price, 2) ELSE 0 END)::float8
FROM portfolios_ledgerentry
WHERE portfolio_id = %(id)s AND kind IN ('deposit', 'withdrawal', 'opening') GROUP BY at ORDER BY at
"""
# The last point of each New York day, and the last one before each flow.
POINTS = """
SELECT at, equity::float8 FROM (
    SELECT DISTINCT ON ((at AT TIME ZONE 'America/New_York')::date) at, equity
    FROM portfolios_equitypoint WHERE portfolio_id = %(id)s
    ORDER BY (at AT TIME ZONE 'America/New_York')::date, at DESC
) AS daily
UNION
SELECT before.at, before.equity::float8
FROM (
    SELECT DISTINCT at FROM portfolios_ledgerentry
    WHERE portfolio_id = %(id)s AND kind IN ('deposit', 'withdrawal', 'opening')
) AS flow CROSS JOIN LATERAL (
    SELECT at, equity FROM portfolios_equitypoint
    WHERE portfolio_id = %(id)s AND at < flow.at ORDER BY at DESC LIMIT 1
) AS before
ORDER BY at
"""
LATE_START = timedelta(days=1)


def daily_of(portfolio: Portfolio) -> Daily:
    """Everything that was recorded, a session an entry; empty before the first point. Four queries.

    Days without a session (weekends) belong to the session before them. An account that ever held something of an
    exchange that never closes has a session every day.
    """
    points, flows = _points(portfolio.pk), _flows(portfolio.pk)
    if not points:
        return linked([], [])
    if flows and points[0][0] - flows[0][0] > LATE_START:
        # Money moved long before anything was recorded (an import): the record begins with its first point.
        flows = [(at, amount) for at, amount in flows if at > points[0][0]]
    elif points[0][0].second == points[0][0].microsecond == 0:
        # Points used to carry the start of their minute: the deposit that opened the account is in the first one.
        points[0] = (points[0][0] + timedelta(seconds=59, microseconds=999_999), points[0][1])
    session = _session_finder(portfolio, _day(points[0][0]), _day(points[-1][0]))
    return linked(
        [Point(at=at, day=session(_day(at)), equity=equity) for at, equity in points],
        [Flow(at=at, day=session(_day(at)), amount=amount) for at, amount in flows],
    )


def _points(portfolio_id: UUID) -> list[tuple[datetime, float]]:
    with connection.cursor() as cursor:
        cursor.execute(POINTS, {"id": portfolio_id})
        return cursor.fetchall()


def _flows(portfolio_id: UUID) -> list[tuple[datetime, float]]:
    with connection.cursor() as cursor:
        cursor.execute(FLOWS, {"id": portfolio_id})
        return cursor.fetchall()


def _session_finder(portfolio: Portfolio, first: date, last: date) -> Callable[[date], date]:
    """From a date to that of its session or the last one before it."""
    entries = LedgerEntry.objects.filter(portfolio=portfolio, instrument__exchange__always_open=True)
    if entries.exists():
        return lambda day: day
    known = list(
        MarketSession.objects.filter(exchange=XNYS, date__gte=first - timedelta(days=7), date__lte=last)
        .order_by("date")
        .values_list("date", flat=True)
    )

    def session(day: date) -> date:
        if known and known[0] <= day:
            return known[bisect_right(known, day) - 1]
        return day - timedelta(days=max(day.weekday() - 4, 0))  # before the calendar's first year: any weekday

    return session


def _day(at: datetime) -> date:
    return at.astimezone(EXCHANGE_ZONE).date()
