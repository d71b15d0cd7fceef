"""Keep the series that need more than a quote up to date: references of windows, averages, closed bars.

Run every second by the sweeper. What is up to date costs one query.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from automation import averages, portfolio_series, rsi
from automation.evaluating import evaluate_values
from automation.rebalancing.observing import drifted
from automation.standing import GRACE, LATE, TOLERANCE
from automation.strategies import emitting
from automation.triggers.change import days_back, rolling_minutes
from markets import calendar, selectors
from markets.models import Bar, Instrument
from watches.models import Series

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, kw_only=True)
class _Average:
    """A parsed `ma_cross:` or `ma_spread:` observable."""

    kind: str
    short: int
    long: int
    timeframe: str

    @classmethod
    def of(cls, observable: str) -> _Average:
        kind, short, long, timeframe = observable.split(":")[1:]
        return cls(kind=kind, short=int(short), long=int(long), timeframe=timeframe)


def observe(*, now: datetime) -> int:
    """Bring every computed series up to date. Returns how many firings the closed bars caused."""
    groups: dict[str, list[Series]] = defaultdict(list)
    for series in Series.objects.filter(
        observable__regex=rf"^(abs_)?(change_pct|volume_ratio|ma_|bar_volume|rsi|signal|drift$|{portfolio_series.PATTERN})"
    ):
        name, _, rest = series.observable.removeprefix("abs_").partition(":")
        if series.subject.startswith("portfolio:"):
            name = "portfolio"
        groups[f"{name}:{_window_kind(rest)}" if name == "change_pct" else name].append(series)
    _rolling(groups["change_pct:rolling"], now)
    _daily(groups["change_pct:days"] + groups["volume_ratio"], now)
    _live_spreads(groups["ma_spread"], now)
    fired = _closed_bars(groups["ma_cross"] + groups["bar_volume"] + groups["rsi"], now)
    emitted = emitting.values(groups["signal"], now)
    fired += sum(evaluate_values(emitted[at], at=at, now=now).fired for at in sorted(emitted))
    return fired + portfolio_series.observe(groups["portfolio"], now=now) + drifted(groups["drift"], now)


def _window_kind(window: str) -> str:
    if rolling_minutes(window):
        return "rolling"
    days = days_back(window)
    return "days" if days and days > 1 else "direct"


def _rolling(series: Iterable[Series], now: datetime) -> None:
    """Rolling windows: the base is the price that long ago, the close of the minute bar that ended there."""
    windows: dict[int, list[int]] = defaultdict(list)
    for row in series:
        windows[rolling_minutes(row.observable.rpartition(":")[2]) or 0].append(row.id)
    with connection.cursor() as cursor:
        for minutes, ids in windows.items():
            then = now - timedelta(minutes=minutes + 1)  # a bar is named by its start
            cursor.execute(
                """
                UPDATE watches_series s SET reference = n.close, reference_at = %(now)s
                FROM (
                    SELECT u.id, (
                        SELECT b.close FROM markets_bar b
                        WHERE b.symbol = u.subject AND b.timeframe = '1m' AND b.at <= %(then)s AND b.at > %(oldest)s
                        ORDER BY b.at DESC LIMIT 1
                    ) AS close
                    FROM watches_series u WHERE u.id = ANY(%(ids)s)
                ) n
                WHERE s.id = n.id AND s.reference IS DISTINCT FROM n.close
                """,
                {"now": now, "then": then, "oldest": then - TOLERANCE, "ids": ids},
            )


def _daily(series: Iterable[Series], now: datetime) -> None:
    """Bases N sessions ago and average volumes: once per trading day, and again while unknown."""
    today = now.astimezone(NEW_YORK).date()
    for row in series:
        at = row.reference_at
        if row.reference is not None and at is not None and at.astimezone(NEW_YORK).date() == today:
            continue
        count = int(row.observable.rpartition(":")[2].rstrip("d"))
        before = _trading_date(row.subject, now)
        if row.observable.startswith("volume_ratio"):
            volumes = list(
                Bar.objects.filter(instrument_id=row.subject, timeframe="1d", at__date__lt=before)
                .order_by("-at")
                .values_list("volume", flat=True)[:count]
            )
            reference = sum(volumes, Decimal(0)) / count if len(volumes) == count and any(volumes) else None
        else:
            closes = selectors.daily_closes(row.subject, count, before)
            reference = closes[0] if len(closes) == count else None
        Series.objects.filter(id=row.id).update(reference=reference, reference_at=now)


def _live_spreads(series: Iterable[Series], now: datetime) -> None:
    """Live averages: the coefficients change when a bar closes."""
    for row in series:
        average = _Average.of(row.observable)
        closed = _last_close(row.subject, average.timeframe, now)
        if closed is None or (row.reference_at is not None and row.reference_at >= closed):
            continue
        needed = averages.bars_needed(average.kind, average.long)
        found = averages.live_spread(
            _closes(row.subject, average.timeframe, needed, now), average.kind, average.short, average.long
        )
        shift, numerator, reference = found or (Decimal(0), Decimal(1), None)
        Series.objects.filter(id=row.id).update(
            shift=shift, numerator=numerator, reference=reference, reference_at=closed
        )


def _closed_bars(series: Iterable[Series], now: datetime) -> int:
    """Series that get a value when a bar closes: crosses, bar volumes and relative strength."""
    values: dict[datetime, dict[int, Decimal]] = defaultdict(dict)
    for row in series:
        name = row.observable.removeprefix("abs_")
        timeframe = name.rpartition(":")[2]
        closed = _last_close(row.subject, timeframe, now)
        if closed is None or (row.value_at is not None and row.value_at >= closed):
            continue
        if _missed(row.subject, timeframe, closed, now):
            continue
        value = _bar_value(row.subject, name, now)
        if value is None:
            continue
        if row.observable.startswith("abs_"):
            value = abs(value)
            if value and row.value:  # a cross is a pulse: up on one bar and down on the next are two
                values[closed - timedelta(seconds=1)][row.id] = Decimal(0)
        values[closed][row.id] = value
    return sum(evaluate_values(values[at], at=at, now=now).fired for at in sorted(values))


def _missed(symbol: str, timeframe: str, closed: datetime, now: datetime) -> bool:
    """Whether a bar closed too long ago to act on: the system was down, or the feed has brought nothing since.

    A daily bar may come hours after its session; it is missed once another session has closed.
    """
    if timeframe != "1d":
        return now - closed > LATE
    last = calendar.previous_session(_exchange(symbol), now)
    return last is not None and closed < last.closes_at


def _bar_value(symbol: str, name: str, now: datetime) -> Decimal | None:
    if name.startswith("bar_volume"):
        start, end = _span("1m", 1, now)
        rows = selectors.bars(symbol, "1m", start, end, 1)
        return rows[-1].volume if rows else None
    if name.startswith("rsi"):
        period, timeframe = int(name.split(":")[1]), name.split(":")[2]
        return rsi.rsi_at_close(_closes(symbol, timeframe, rsi.bars_needed(period), now), period)
    average = _Average.of(name)
    closes = _closes(symbol, average.timeframe, averages.bars_needed(average.kind, average.long), now)
    cross = averages.cross_at_close(closes, average.kind, average.short, average.long)
    return None if cross is None else Decimal(cross)


def _closes(symbol: str, timeframe: str, count: int, now: datetime) -> list[Decimal]:
    if timeframe == "1d":
        return selectors.daily_closes(symbol, count, _trading_date(symbol, now))
    start, end = _span(timeframe, count, now)
    return [row.close for row in selectors.bars(symbol, timeframe, start, end, count)]


def _span(timeframe: str, count: int, now: datetime) -> tuple[datetime, datetime]:
    """From when to when the last `count` closed bars reach, were there no pause in trading; ten times that at most."""
    minutes = selectors.MINUTES[timeframe]
    seconds = int((now - GRACE).timestamp())
    end = datetime.fromtimestamp(seconds - seconds % (minutes * 60), UTC)
    return end - timedelta(minutes=minutes * count * 10), end


def _last_close(symbol: str, timeframe: str, now: datetime) -> datetime | None:
    """When the symbol's last finished bar closed; None when there is none."""
    if timeframe == "1d":
        before = datetime.combine(_trading_date(symbol, now), datetime.min.time(), UTC)
        at = (
            Bar.objects.filter(instrument_id=symbol, timeframe="1d", at__lt=before)
            .order_by("-at")
            .values_list("at", flat=True)
            .first()
        )
        if at is None:
            return None
        sessions = calendar.sessions_between(_exchange(symbol), at.date(), at.date())
        return sessions[0].closes_at if sessions else at + timedelta(days=1)
    start, end = _span(timeframe, 1, now)
    rows = selectors.bars(symbol, timeframe, start, end, 1)
    return rows[-1].at + timedelta(minutes=selectors.MINUTES[timeframe]) if rows else None


def _exchange(symbol: str) -> str:
    return Instrument.objects.values_list("exchange_id", flat=True).get(symbol=symbol)


def _trading_date(symbol: str, now: datetime) -> date:
    return calendar.trading_date(_exchange(symbol), now)
