"""The equity curve after an import of the past: what the portfolio was worth then, had it been known.

Without it the imported value would look like a gain of the day of the import. Cash is exact. Shares are valued at the
daily close before each point, today's price where no bar is stored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from common.money import ZERO, cents
from markets.models import Bar, Quote
from portfolios.models import EquityPoint, LedgerEntry, Portfolio

# A daily bar is named by its date's midnight UTC; its close is known after 16:00 New York, 20:00 or 21:00 UTC.
CLOSED = timedelta(hours=21)


def restate(portfolio: Portfolio, entries: Sequence[LedgerEntry]) -> int:
    """Move the points of the curve by what these new entries would have meant at their times. Returns how many."""
    if not entries:
        return 0
    points = list(EquityPoint.objects.filter(portfolio=portfolio, at__gte=entries[0].at).order_by("at"))
    cash = _sums([(entry.at, entry.amount) for entry in entries])
    moves: dict[str, list[tuple[datetime, Decimal]]] = defaultdict(list)
    ratios: dict[str, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for entry in entries:
        if entry.instrument_id and entry.quantity:
            moves[entry.instrument_id].append((entry.at, entry.quantity))
    for symbol, at, new, old in LedgerEntry.objects.filter(
        portfolio=portfolio, instrument__in=moves, new_shares__isnull=False
    ).values_list("instrument_id", "at", "new_shares", "old_shares"):
        ratios[symbol or ""].append((at, Decimal(new or 1) / (old or 1)))
    shares = {symbol: _sums(rows) for symbol, rows in moves.items()}
    prices = {symbol: _prices(symbol) for symbol in shares}
    changed = []
    for point in points:
        came = _at(cash, point.at)
        worth = ZERO
        for symbol, sums in shares.items():
            today = _at(sums, point.at)
            for when, ratio in ratios[symbol]:
                today = today * ratio if when > point.at else today  # bars and quotes are in today's shares
            worth += cents(today * _at(prices[symbol], point.at, first=True))
        if came or worth:
            point.cash += came
            point.equity += came + worth
            changed.append(point)
    EquityPoint.objects.bulk_update(changed, ["cash", "equity"], batch_size=500)
    return len(changed)


def _sums(rows: Sequence[tuple[datetime, Decimal]]) -> list[tuple[datetime, Decimal]]:
    """Running totals, oldest first."""
    total, sums = ZERO, []
    for at, amount in sorted(rows, key=lambda row: row[0]):
        total += amount
        sums.append((at, total))
    return sums


def _prices(symbol: str) -> list[tuple[datetime, Decimal]]:
    """Closes by the moment they were known; the standing quote where there is none."""
    bars = Bar.objects.filter(instrument_id=symbol, timeframe="1d").order_by("at").values_list("at", "close")
    closes = [(at + CLOSED, close) for at, close in bars]
    if closes:
        return closes
    return [(at, last) for at, last in Quote.objects.filter(pk=symbol).values_list("at", "last")]


def _at(rows: Sequence[tuple[datetime, Decimal]], at: datetime, *, first: bool = False) -> Decimal:
    """The value that stood at a moment; before all of them 0, or the first one."""
    place = bisect_right(rows, at, key=lambda row: row[0])
    if place:
        return rows[place - 1][1]
    return rows[0][1] if first and rows else ZERO
