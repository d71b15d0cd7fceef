"""The next times of a timetable, with as much of the exchange's calendar as they take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from automation.scheduling.timetable import Timetable
from automation.triggers.base import SessionTimes
from markets import calendar

EXCHANGE = calendar.XNYS  # whose clock and trading days jobs follow
NEAR, FAR = timedelta(days=15), timedelta(days=3 * 366)  # the second: as far as a calendar is filled
LOOK_AGAIN = timedelta(days=1)  # the calendar shows no time: it may tomorrow
PREVIEWED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Coming:
    """When to look next, and the next time that runs; both None when there is none, ever."""

    look_at: datetime | None
    due_at: datetime | None


def coming(timetable: Timetable, *, after: datetime) -> Coming:
    """What comes after `after`. When the calendar does not show it yet, the look is tomorrow's."""
    due = next_times(timetable, after=after, count=1)
    occasion = next(timetable.occasions(after, sessions_of(timetable, after, after + NEAR)), None)
    soonest = [*([occasion.at] if occasion else []), *due]
    if not soonest:
        return Coming(look_at=after + LOOK_AGAIN if timetable.needs_sessions else None, due_at=None)
    return Coming(look_at=min(soonest), due_at=due[0] if due else None)


def next_times(timetable: Timetable, *, after: datetime, count: int = PREVIEWED) -> list[datetime]:
    """The next `count` times that exist, in order; fewer when the calendar ends before."""
    found: list[datetime] = []
    for reach in (NEAR, FAR) if timetable.needs_sessions else (NEAR,):
        occasions = timetable.occasions(after, sessions_of(timetable, after, after + reach))
        found = list(islice((occasion.at for occasion in occasions if not occasion.skipped), count))
        if len(found) == count:
            break
    return found


def sessions_of(timetable: Timetable, start: datetime, end: datetime) -> list[SessionTimes]:
    """The exchange's sessions from the day before `start` to `end`; none if the timetable asks for none."""
    if not timetable.needs_sessions:
        return []
    found = calendar.sessions_between(EXCHANGE, (start - timedelta(days=1)).date(), end.date())
    return [SessionTimes(date=one.date, opens_at=one.opens_at, closes_at=one.closes_at) for one in found]
