"""What the conditions of a batch are judged on: standing quotes, closed bars, pushed values. A few statements.

Cost grows with the symbols that are asked about, never with the rules that fire without conditions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from automation.standing import GRACE, LATE, TOLERANCE, stands
from markets import calendar, selectors
from markets.models import Instrument, Quote
from markets.observables import USABLE_FOR
from markets.types import BarRow
from portfolios.drawdown import drawdowns
from watches.models import Series
from watches.specs import SeriesKind, SeriesSpec


@dataclass(frozen=True, slots=True)
class Bars:
    """The last `count` closed bars of a symbol, as they were `ago` minutes ago (0: now)."""

    symbol: str
    timeframe: str
    count: int
    ago: int = 0


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known at `now`. `bars` run from old to new; a stale or missing quote, bar or value is not in here.

    `series`: the pushed ones, by subject and observable.
    """

    now: datetime
    quotes: Mapping[str, Quote]
    bars: Mapping[Bars, Sequence[BarRow]]
    series: Mapping[tuple[str, str], Series]
    drawdowns: Mapping[str, Decimal]  # by subject: portfolio:<id>


def gather(
    *,
    symbols: Collection[str],
    bars: Collection[Bars],
    series: Iterable[SeriesSpec],
    portfolios: Collection[UUID] = (),
    now: datetime,
) -> Facts:
    """Read it all: one statement for quotes, one for series, one for each timeframe and time of bars."""
    quotes = {
        symbol: quote
        for symbol, quote in selectors.latest_quotes(symbols).items()
        if now - quote.received_at < USABLE_FOR
    }
    wanted = {(spec.subject, spec.observable) for spec in series if spec.kind == SeriesKind.PUSHED}
    rows = Series.objects.filter(
        subject__in={subject for subject, _ in wanted}, observable__in={name for _, name in wanted}
    )
    exchanges = dict(Instrument.objects.filter(symbol__in=symbols).values_list("symbol", "exchange_id"))
    standing = {
        (row.subject, row.observable): row for row in rows if stands(row, exchanges.get(row.subject, "XNYS"), now)
    }
    sunk = {f"portfolio:{pk}": value for pk, value in drawdowns(list(portfolios)).items()} if portfolios else {}
    return Facts(now=now, quotes=quotes, bars=_bars(bars, exchanges, now), series=standing, drawdowns=sunk)


def _bars(wanted: Collection[Bars], exchanges: Mapping[str, str], now: datetime) -> dict[Bars, Sequence[BarRow]]:
    together: dict[tuple[str, datetime], list[Bars]] = defaultdict(list)
    for one in wanted:
        exchange = exchanges.get(one.symbol)
        if exchange is not None:
            together[one.timeframe, _end(one, exchange, now)].append(one)
    found: dict[Bars, Sequence[BarRow]] = {}
    for (timeframe, end), group in together.items():
        rows = selectors.last_bars_of(
            {one.symbol for one in group}, timeframe, max(one.count for one in group), before=end
        )
        for one in group:
            newest = rows[one.symbol][-one.count :]
            if newest and not _stale(newest[-1], one, end, exchanges[one.symbol], now):
                found[one] = newest
    return found


def _end(bars: Bars, exchange: str, now: datetime) -> datetime:
    """Every bar that begins before this has closed."""
    if bars.timeframe == selectors.DAY:
        return datetime.combine(calendar.trading_date(exchange, now), datetime.min.time(), UTC)
    width = selectors.MINUTES[bars.timeframe] * 60
    then = now - timedelta(minutes=bars.ago) if bars.ago else now - GRACE
    seconds = int(then.timestamp())
    return datetime.fromtimestamp(seconds - seconds % width, UTC)


def _stale(last: BarRow, asked: Bars, end: datetime, exchange: str, now: datetime) -> bool:
    """Whether a later bar should be there: the feed was away, or brings nothing for this symbol."""
    if asked.timeframe == selectors.DAY:
        session = calendar.previous_session(exchange, now)
        return session is not None and last.at.date() < session.date
    width = timedelta(minutes=selectors.MINUTES[asked.timeframe])
    return end - last.at - width > (TOLERANCE if asked.ago else LATE)
