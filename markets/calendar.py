"""Trading sessions, from the database: who asks whether a market is open needs neither pandas nor a query.

Look-ups are answered from a copy of the sessions that each process keeps for five minutes.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.db import transaction

from common.errors import PufflingError
from markets.models import Exchange, MarketSession

XNYS = "XNYS"
DEMO = "DEMO"
NEW_YORK = ZoneInfo("America/New_York")
YEARS = 2  # filled before and after the current year
KEPT_SECONDS = 300.0
RETRY_SECONDS = 10.0  # how often a look-up outside the copy may ask the database
PRE_MARKET = timedelta(hours=5, minutes=30)  # 04:00 to 09:30 New York
AFTER_HOURS = timedelta(hours=4)  # 16:00 to 20:00, on half-days 13:00 to 17:00


class NoSessions(PufflingError):
    """The calendar has no row for this time: it was never filled, or long ago."""

    status = 503
    code = "calendar_missing"


@dataclass(frozen=True, slots=True)
class _Copy:
    """One exchange's sessions in order of time. Sessions never overlap, so opens, closes and dates all ascend."""

    sessions: list[MarketSession]
    opens: list[datetime]
    closes: list[datetime]
    loaded: float


_copies: dict[str, _Copy] = {}
_lock = threading.Lock()


def session_at(exchange_code: str, now: datetime) -> MarketSession | None:
    """The regular session in progress (opens_at <= now < closes_at); None when the market is closed."""
    copy = _copy(exchange_code, now)
    index = bisect_right(copy.opens, now) - 1
    return copy.sessions[index] if index >= 0 and now < copy.closes[index] else None


def is_open(exchange_code: str, now: datetime) -> bool:
    """Whether the regular session is in progress."""
    return session_at(exchange_code, now) is not None


def is_extended(exchange_code: str, now: datetime) -> bool:
    """Whether it is pre-market (5½ h before the open) or after hours (4 h after the close); never on DEMO."""
    if exchange_code == DEMO or is_open(exchange_code, now):
        return False
    coming, last = next_session(exchange_code, now), previous_session(exchange_code, now)
    early = coming is not None and now >= coming.opens_at - PRE_MARKET
    return early or (last is not None and now < last.closes_at + AFTER_HOURS)


def next_session(exchange_code: str, now: datetime) -> MarketSession | None:
    """The first session that opens after `now`; the one in progress is not it. None when the calendar ends."""
    copy = _copy(exchange_code, now)
    index = bisect_right(copy.opens, now)
    return copy.sessions[index] if index < len(copy.sessions) else None


def previous_session(exchange_code: str, now: datetime) -> MarketSession | None:
    """The last session that has closed (closes_at <= now); None when the calendar begins later."""
    copy = _copy(exchange_code, now)
    index = bisect_right(copy.closes, now) - 1
    return copy.sessions[index] if index >= 0 else None


def trading_date(exchange_code: str, now: datetime) -> date:
    """The exchange's date of the session in progress, or of the next one when the market is closed.

    So a daily limit starts anew at the close: an order at 17:00 on Friday counts for Monday. Raises NoSessions when
    the calendar has neither, so that whoever counts by it fails closed.
    """
    session = session_at(exchange_code, now) or next_session(exchange_code, now)
    if session is None:
        raise NoSessions(
            f"The calendar of {exchange_code} has no session at or after {now:%Y-%m-%d %H:%M} UTC: "
            "run `manage.py fill_calendar`."
        )
    return session.date


def sessions_between(exchange_code: str, start: date, end: date) -> list[MarketSession]:
    """The sessions with start <= date <= end, in order; straight from the database."""
    return list(
        MarketSession.objects.filter(exchange_id=exchange_code, date__gte=start, date__lte=end).order_by("date")
    )


def forget() -> None:
    """Drop this process's copies: after a change of the calendar, and between tests."""
    with _lock:
        _copies.clear()


def _copy(exchange_code: str, now: datetime) -> _Copy:
    copy = _copies.get(exchange_code)
    if copy is not None:
        age = time.monotonic() - copy.loaded
        covered = bool(copy.opens) and copy.opens[0] <= now < copy.closes[-1]
        if age < (KEPT_SECONDS if covered else RETRY_SECONDS):
            return copy
    sessions = list(MarketSession.objects.filter(exchange_id=exchange_code).order_by("opens_at"))
    copy = _Copy(sessions, [s.opens_at for s in sessions], [s.closes_at for s in sessions], time.monotonic())
    with _lock:
        if sessions:  # emptiness is not remembered: somebody is about to fill the calendar
            _copies[exchange_code] = copy
    return copy


def fill_calendar(now: datetime) -> dict[str, int]:
    """Write the sessions of both exchanges from two years back to two years ahead; returns how many per exchange.

    Idempotent. Sessions to come that the calendar no longer has (a day of mourning was announced) are removed.
    """
    start, end = date(now.year - YEARS, 1, 1), date(now.year + YEARS, 12, 31)
    with transaction.atomic():
        ensure_exchanges()
        counts = {
            XNYS: _replace(XNYS, new_york_sessions(start, end), now),
            DEMO: _replace(DEMO, demo_sessions(start, end), now),
        }
    forget()
    return counts


def ensure_exchanges() -> None:
    """Create the two exchanges unless they exist."""
    Exchange.objects.get_or_create(code=XNYS, defaults={"name": "New York Stock Exchange"})
    Exchange.objects.get_or_create(code=DEMO, defaults={"name": "Demo market (always open)", "always_open": True})


def new_york_sessions(start: date, end: date) -> list[MarketSession]:
    """The sessions of the New York Stock Exchange with holidays and half-days, start and end inclusive."""
    return [
        MarketSession(exchange_id=XNYS, date=day, opens_at=opens_at, closes_at=closes_at, early_close=early)
        for day, opens_at, closes_at, early in _schedule(start, end)
    ]


@cache
def _schedule(start: date, end: date) -> list[tuple[date, datetime, datetime, bool]]:
    import exchange_calendars  # noqa: PLC0415  (pandas with it: 68 MB and 0.6 s that no evaluator should pay)

    calendar = exchange_calendars.get_calendar(XNYS, start=start.isoformat(), end=end.isoformat())
    early = set(calendar.early_closes)
    return [
        (day.date(), row["open"].to_pydatetime(), row["close"].to_pydatetime(), day in early)
        for day, row in calendar.schedule.iterrows()
    ]


def demo_sessions(start: date, end: date) -> list[MarketSession]:
    """One session per calendar day, from midnight to midnight in New York: 23 or 25 hours when clocks change."""
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    return [
        MarketSession(exchange_id=DEMO, date=day, opens_at=_midnight(day), closes_at=_midnight(day + timedelta(days=1)))
        for day in days
    ]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).astimezone(UTC)


def _replace(exchange_code: str, sessions: list[MarketSession], now: datetime) -> int:
    MarketSession.objects.bulk_create(
        sessions,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["exchange", "date"],
        update_fields=["opens_at", "closes_at", "early_close"],
    )
    last = sessions[-1].date
    gone = MarketSession.objects.filter(exchange_id=exchange_code, opens_at__gt=now, date__lte=last)
    gone.exclude(date__in=[session.date for session in sessions]).delete()
    return len(sessions)
