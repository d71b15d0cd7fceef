"""Bars from the database as arrays: binary COPY, a year of minutes in a tenth of a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from django.db import connection

from automation.replay.bars import Bars, Seconds
from automation.replay.feeds import Tape
from automation.triggers.base import SessionTimes
from markets import calendar
from markets.calendar import DEMO, XNYS
from markets.models import Instrument, MarketSession

HISTORY_DAYS = 700  # sessions before the replay: the longest average has 3 x 400 bars, but then of shorter ones
HISTORY_MINUTES = 80_000  # minute bars before it
AFTER = timedelta(days=16)  # sessions beyond the end, for clocks

# Fixed-width rows: two bytes of field count, then four of length before each value.
ROW = np.dtype(
    [("fields", ">i2"), *((f"{name}{part}", kind) for name, kind in (("at", ">i8"), ("open", ">f8"), ("high", ">f8"),
     ("low", ">f8"), ("close", ">f8"), ("volume", ">f8")) for part, kind in (("_size", ">i4"), ("", kind)))]
)  # fmt: skip
HEADER, TRAILER = 19, 2

COPY = """
COPY (
    SELECT extract(epoch FROM at)::bigint, open::float8, high::float8, low::float8, close::float8, volume::float8
    FROM (
        (SELECT * FROM markets_bar WHERE symbol = %(symbol)s AND timeframe = %(timeframe)s AND at < %(start)s
         ORDER BY at DESC LIMIT %(history)s)
        UNION ALL
        (SELECT * FROM markets_bar WHERE symbol = %(symbol)s AND timeframe = %(timeframe)s
         AND at >= %(start)s AND at < %(end)s)
    ) b ORDER BY at
) TO STDOUT (FORMAT BINARY)
"""


def load_tape(symbol: str, timeframe: str, start: datetime, end: datetime) -> Tape:
    """The bars of [start, end) with history before them; minute bars outside regular sessions are left out."""
    exchange = Instrument.objects.values_list("exchange_id", flat=True).get(symbol=symbol)
    day_of = start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = _read(symbol, "1d", day_of, end, HISTORY_DAYS)
    minutes = _read(symbol, "1m", start, end, HISTORY_MINUTES) if timeframe == "1m" else None
    rows = days if minutes is None else minutes
    earliest = min([moment for moment in (_first(days), _first(rows)) if moment], default=start)
    sessions = sessions_of(exchange, earliest.date() - timedelta(days=2), (end + AFTER).date())
    daily = _daily(symbol, days, sessions, start)
    if minutes is None:
        return Tape(bars=daily, daily=daily)
    bars = _minutes(symbol, minutes, sessions, start)
    return Tape(bars=bars, daily=_with_missing_days(daily, bars, start))


def count_bars(symbol: str, timeframe: str, start: datetime, end: datetime) -> int:
    """How many bars there are in [start, end)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM markets_bar WHERE symbol = %s AND timeframe = %s AND at >= %s AND at < %s",
            [symbol, timeframe, start, end],
        )
        return int(cursor.fetchone()[0])


def sessions_of(exchange: str, first: date, last: date) -> Sequence[SessionTimes]:
    """The sessions from `first` to `last`: the calendar's rows, and before them as it would make them."""
    stored = calendar.sessions_between(exchange, first, last)
    made: list[MarketSession] = []
    begins = stored[0].date if stored else last + timedelta(days=1)
    if first < begins - timedelta(days=5):
        if exchange == DEMO:
            made = calendar.demo_sessions(first, begins - timedelta(days=1))
        elif exchange == XNYS:
            made = calendar.new_york_sessions(first, begins - timedelta(days=1))
    return tuple(
        SessionTimes(date=session.date, opens_at=session.opens_at, closes_at=session.closes_at)
        for session in (*made, *stored)
    )


def _read(symbol: str, timeframe: str, start: datetime, end: datetime, history: int) -> np.ndarray:
    parameters = {"symbol": symbol, "timeframe": timeframe, "start": start, "end": end, "history": history}
    with connection.cursor() as cursor, cursor.cursor.copy(COPY, parameters) as copy:
        data = b"".join(bytes(part) for part in copy)
    return np.frombuffer(data[HEADER : len(data) - TRAILER], dtype=ROW)


def _first(rows: np.ndarray) -> datetime | None:
    return datetime.fromtimestamp(int(rows["at"][0]), UTC) if len(rows) else None


def _bars(symbol: str, timeframe: str, rows: np.ndarray, starts: Seconds, ends: Seconds, begin: int) -> Bars:
    return Bars(
        symbol=symbol,
        timeframe=timeframe,
        starts=starts,
        ends=ends,
        open=rows["open"].astype(np.float64),
        high=rows["high"].astype(np.float64),
        low=rows["low"].astype(np.float64),
        close=rows["close"].astype(np.float64),
        volume=rows["volume"].astype(np.float64),
        first=int(np.searchsorted(starts, begin, side="left")),
    )


def _daily(symbol: str, rows: np.ndarray, sessions: Sequence[SessionTimes], start: datetime) -> Bars:
    """Daily bars from open to close; one on a day without a session is from midnight to midnight UTC."""
    dates = rows["at"].astype(np.int64)
    by_date = {int(datetime(s.date.year, s.date.month, s.date.day, tzinfo=UTC).timestamp()): s for s in sessions}
    spans = [
        (int(s.opens_at.timestamp()), int(s.closes_at.timestamp()))
        if (s := by_date.get(int(at)))
        else (at, at + 86_400)
        for at in dates
    ]
    starts = np.array([span[0] for span in spans], dtype=np.int64)
    ends = np.array([span[1] for span in spans], dtype=np.int64)
    bars = _bars(symbol, "1d", rows, starts, ends, 0)
    first = int(np.searchsorted(dates, int(start.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())))
    return replace(bars, sessions=sessions, first=first)


def _minutes(symbol: str, rows: np.ndarray, sessions: Sequence[SessionTimes], start: datetime) -> Bars:
    starts = rows["at"].astype(np.int64)
    bars = replace(_bars(symbol, "1m", rows, starts, starts + 60, 0), sessions=sessions)
    if len(sessions):
        at = np.searchsorted(bars.session_opens, starts, side="right") - 1
        regular = (at >= 0) & (starts < bars.session_closes[np.maximum(at, 0)])
        rows, starts = rows[regular], starts[regular]
    made = _bars(symbol, "1m", rows, starts, starts + 60, int(start.timestamp()))
    return replace(made, sessions=sessions)


def _with_missing_days(daily: Bars, minutes: Bars, start: datetime) -> Bars:
    """Daily bars as stored, and those of sessions that only have minute bars made of them, as the feed would."""
    if not len(minutes) or not len(minutes.sessions):
        return daily
    begins = np.unique(minutes.day_begins)
    last = np.concatenate([begins[1:], [len(minutes)]]).astype(np.intp) - 1
    session = minutes.day[begins].astype(np.intp) - 1
    opens, closes = minutes.session_opens[session], minutes.session_closes[session]
    new = ~np.isin(opens, daily.starts)
    starts = np.concatenate([daily.starts, opens[new]])
    order = np.argsort(starts, kind="stable")

    def joined(stored: np.ndarray, made: np.ndarray) -> np.ndarray:
        return np.concatenate([stored, made[new]])[order]

    made = Bars(
        symbol=daily.symbol,
        timeframe="1d",
        starts=starts[order],
        ends=joined(daily.ends, closes),
        open=joined(daily.open, minutes.open[begins]),
        high=joined(daily.high, np.maximum.reduceat(minutes.high, begins)),
        low=joined(daily.low, np.minimum.reduceat(minutes.low, begins)),
        close=joined(daily.close, minutes.close[last]),
        volume=joined(daily.volume, np.add.reduceat(minutes.volume, begins)),
        sessions=daily.sessions,
    )
    return replace(made, first=int(np.searchsorted(made.starts, int(start.timestamp()))))
