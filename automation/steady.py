"""What happened while nothing happened: a watch that is not reached leaves no rows, so its time is counted from bars.

Between two entries of a rule's history the minute bars of its symbol tell what it saw: how many minutes, the lowest
and highest price, how near it came, and how many minutes of the session had no usable price. By the hour, the newest
hours of each stretch one by one, what is older together. One statement whatever is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from automation.models import Action, ActionStatus, Trace
from automation.trace_kinds import Kind
from automation.trace_lines import number_text, price_text
from common.bulk import texts
from common.money import HUNDRED
from markets import calendar
from watches import machine

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
HOURS_APART = 12  # of each stretch; what is older is one entry
MOST = 100  # entries at once
LOOKED_BACK = 20  # entries, for whether a rule is watched now, and for which level

# After these the rule is not watched, until an entry says that it is again.
_ENDS = frozenset(
    {Kind.PAUSED, Kind.CANCELLED, Kind.EXPIRED, Kind.COMPLETED, Kind.STOPPED, Kind.RETRY_SET, Kind.HELD, Kind.CREATED}
)
_IDLE = frozenset({machine.OFF, machine.COOLING, machine.RETRY, machine.WAITING})


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Time in which a rule was watched and nothing changed. `level` in dollars, for rules on the price itself."""

    begins: datetime
    ends: datetime
    level: Decimal | None = None
    direction: int = 1


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was seen in a stretch, or an hour of it. Prices in dollars, `nearest` the distance from the level."""

    begins: datetime
    ends: datetime
    minutes: int
    without_price: int
    low: Decimal | None
    high: Decimal | None
    nearest: Decimal | None
    nearest_percent: Decimal | None
    line: str


def stretches(action: Action, traces: Sequence[Trace], *, until: datetime) -> list[Stretch]:
    """The times between `traces` (of one rule, oldest first) in which it was watched; the last one ends `until`."""
    found: list[Stretch] = []
    watching, level, direction = False, None, 1
    on_price = action.trigger_type in ("price_above", "price_below")
    ends = [*(trace.at for trace in traces[1:]), until]
    for trace, end in zip(traces, ends, strict=True):
        phase = (trace.data.get("decision") or {}).get("phase")
        if phase is not None:
            watching = phase not in _IDLE
        elif trace.kind in _ENDS:
            watching = False
        elif trace.kind == Kind.REFERENCE_TAKEN:
            watching = True
        spec = trace.data.get("spec")
        if spec and on_price:
            level, direction = Decimal(spec["level"]), spec["direction"]
        begin = max(trace.at, trace.last_at)
        if trace.kind == Kind.RETRY_SET and "again_at" in trace.data:  # armed again by the clock, without an entry
            begin, watching = datetime.fromisoformat(trace.data["again_at"]), True
        if watching and end - begin >= MINUTE:
            found.append(Stretch(begins=begin, ends=end, level=level, direction=direction))
    return found


def now_watching(action: Action, *, now: datetime) -> list[Watched]:
    """The newest stretch of a rule that is watched now, the last hour first; empty when it is not."""
    if action.status != ActionStatus.ACTIVE or not action.instrument_id:
        return []
    newest = list(Trace.objects.filter(action=action).order_by("-id")[:LOOKED_BACK])[::-1]
    last = [stretch for stretch in stretches(action, newest, until=now)[-1:] if stretch.ends == now]
    return watched(action, last)


def watched(action: Action, found: Iterable[Stretch]) -> list[Watched]:
    """What the bars say of these stretches, newest first, an hour at a time. Two queries."""
    parts = [part for stretch in found for part in _hours(stretch)]
    parts = sorted(parts, key=lambda part: part.begins, reverse=True)[:MOST]
    if not parts or not action.instrument_id:
        return []
    expected = _session_minutes(action, parts)
    seen = _bars(action.instrument_id, parts)
    return [
        _watched(action.instrument_id, part, minutes, *bars)
        for part, minutes, bars in zip(parts, expected, seen, strict=True)
        if minutes or bars[0]
    ]


def _hours(stretch: Stretch) -> list[Stretch]:
    """A stretch in whole minutes: its newest hours one by one, the rest together."""
    begin, end = _minute_from(stretch.begins), _minute(stretch.ends)
    parts: list[Stretch] = []
    while begin < end and len(parts) < HOURS_APART:
        top = _minute(end - MINUTE).replace(minute=0)
        start = max(begin, top)
        parts.append(replace(stretch, begins=start, ends=end))
        end = start
    if begin < end:
        parts.append(replace(stretch, begins=begin, ends=end))
    return parts


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _minute_from(at: datetime) -> datetime:
    return at if at == _minute(at) else _minute(at) + MINUTE


def _session_minutes(action: Action, parts: Sequence[Stretch]) -> list[int]:
    """How many minutes of each part the market was open."""
    assert action.instrument is not None
    first, last = min(part.begins for part in parts), max(part.ends for part in parts)
    day = timedelta(days=1)
    sessions = calendar.sessions_between(action.instrument.exchange_id, (first - day).date(), (last + day).date())
    open_for = [
        sum(
            (
                max(min(part.ends, session.closes_at) - max(part.begins, session.opens_at), timedelta(0))
                for session in sessions
            ),
            timedelta(0),
        )
        for part in parts
    ]
    return [int(span / MINUTE) for span in open_for]


_SEEN = """
SELECT p.i, count(b.at), min(b.low), max(b.high)
FROM unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS p(begins, ends, i)
LEFT JOIN markets_bar b ON b.symbol = %s AND b.timeframe = '1m' AND b.at >= p.begins AND b.at < p.ends
GROUP BY p.i ORDER BY p.i
"""


def _bars(symbol: str, parts: Sequence[Stretch]) -> list[tuple[int, Decimal | None, Decimal | None]]:
    """How many minutes had a price, the lowest and the highest, of each part."""
    begins, ends = texts(part.begins for part in parts), texts(part.ends for part in parts)
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, [begins, ends, symbol])
        return [row[1:] for row in cursor.fetchall()]


def _watched(
    symbol: str, part: Stretch, open_minutes: int, count: int, low: Decimal | None, high: Decimal | None
) -> Watched:
    without = max(0, open_minutes - count)
    minutes = max(open_minutes, count)
    nearest = percent = None
    text = f"Watched {minutes} {'minute' if minutes == 1 else 'minutes'} of {symbol}"
    if low is None or high is None:
        text += ": no usable price"
    else:
        text += f": low {price_text(low)}, high {price_text(high)}"
        if part.level is not None:
            nearest = max(Decimal(0), part.level - high if part.direction > 0 else low - part.level)
            percent = nearest * HUNDRED / part.level
            text += f", nearest {price_text(nearest)} ({number_text(percent.quantize(Decimal('0.1')))} %)"
            text += f" from {price_text(part.level)}"
        if without:
            text += f"; {without} {'minute' if without == 1 else 'minutes'} without a usable price"
    return Watched(
        begins=part.begins,
        ends=part.ends,
        minutes=minutes,
        without_price=without,
        low=low,
        high=high,
        nearest=nearest,
        nearest_percent=percent,
        line=text,
    )
