"""Which bar closed last, and when what it says may be acted on: at the next open, for a while, never later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from automation.standing import GRACE
from markets import calendar
from markets.bars import DAY, day_start
from markets.models import MarketSession
from markets.selectors import MINUTES

TIMEFRAMES = (DAY, "4h", "1h", "30m", "15m", "5m", "1m")
# How long an order may come after the open (or the bar) it was meant for: later it is another trade.
ACT_WITHIN = timedelta(minutes=15)
LEAST_WITHIN = timedelta(minutes=2)
WAIT_FOR_BARS = timedelta(minutes=30)
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedBar:
    """The beginning of a bar, and when it closed (UTC)."""

    at: datetime
    closed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """When a signal may be acted on."""

    opens_at: datetime
    expires_at: datetime


def newest_bar(exchange: str, timeframe: str, now: datetime) -> ClosedBar | None:
    """The bar that closed last, whether or not it is stored; None when the calendar has none."""
    if timeframe == DAY:
        session = calendar.previous_session(exchange, now)
        return ClosedBar(at=day_start(session.date), closed_at=session.closes_at) if session else None
    seen, width = now - GRACE, timedelta(minutes=MINUTES[timeframe])
    session = calendar.session_at(exchange, seen)
    if session is not None:
        end = _floor(seen, width)
        if end > session.opens_at:
            return ClosedBar(at=end - width, closed_at=end)
        seen = session.opens_at
    session = calendar.previous_session(exchange, seen)
    return _last_of(session, width) if session else None


def next_close(exchange: str, timeframe: str, now: datetime) -> datetime | None:
    """When the next bar closes; None when the calendar does not reach so far."""
    session = calendar.session_at(exchange, now)
    begin = now
    if session is None:
        session = calendar.next_session(exchange, now)
        if session is None:
            return None
        begin = session.opens_at
    if timeframe == DAY:
        return session.closes_at
    width = timedelta(minutes=MINUTES[timeframe])
    return min(_floor(begin, width) + width, session.closes_at)


def window_of(exchange: str, timeframe: str, start: datetime) -> Window | None:
    """When to act on what is decided at `start`: at once while the market is open, else at the next open."""
    opens_at = start
    if not calendar.is_open(exchange, start):
        session = calendar.next_session(exchange, start - MOMENT)
        if session is None:
            return None
        opens_at = session.opens_at
    width = timedelta(minutes=MINUTES.get(timeframe, 24 * 60))
    return Window(opens_at=opens_at, expires_at=opens_at + min(max(width, LEAST_WITHIN), ACT_WITHIN))


def bars_due_by(bar: ClosedBar, window: Window) -> datetime:
    """Until when a run waits for bars that have not arrived; after that their symbols are unknown.

    A third of the time to act is left then.
    """
    return min(bar.closed_at + WAIT_FOR_BARS, window.opens_at + (window.expires_at - window.opens_at) * 2 / 3)


def _last_of(session: MarketSession, width: timedelta) -> ClosedBar:
    begin = _floor(session.closes_at - MOMENT, width)
    return ClosedBar(at=begin, closed_at=session.closes_at)


def _floor(moment: datetime, width: timedelta) -> datetime:
    seconds = int(width.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)
