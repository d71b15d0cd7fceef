"""What a schedule means before there is a job: in English, and its next five times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from automation.scheduling.coming import next_times, sessions_of
from automation.scheduling.drafting import ZONE
from automation.scheduling.models import ScheduledJob
from automation.scheduling.reading import timetable_of
from automation.scheduling.timetable import Timetable, read_timetable
from automation.triggers.base import BadParams, Occasion
from automation.triggers.reading import Reader
from common.errors import InvalidInput

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A schedule as it is understood. `next_runs` are at most five; fewer when the calendar ends before."""

    schedule: str
    timezone: str
    trading_days_only: bool
    description: str
    next_runs: tuple[datetime, ...]


def preview(data: Mapping[str, Any], *, now: datetime) -> Preview:
    """Read `schedule`, `timezone` and `trading_days_only` as a job would. Raises InvalidInput like making one."""
    try:
        read = Reader(data, "a field of a schedule")
        schedule, zone = read.take("schedule"), read.take("timezone")
        trading_days = read.flag("trading_days_only", default=False)
        try:
            timetable = read_timetable(schedule, ZONE if zone is None else zone, trading_days_only=trading_days)
        except BadParams as bad:
            read.errors.update(bad.errors)
        read.done()
    except BadParams as bad:
        raise InvalidInput({key or "body": text for key, text in bad.errors.items()}) from None
    return _preview(timetable, now)


def preview_of(job: ScheduledJob, *, now: datetime) -> Preview:
    """The same of a job that exists, whether or not it is enabled."""
    return _preview(timetable_of(job), now)


def _preview(timetable: Timetable, now: datetime) -> Preview:
    return Preview(
        schedule=timetable.schedule,
        timezone=timetable.timezone,
        trading_days_only=timetable.trading_days_only,
        description=timetable.words(),
        next_runs=tuple(next_times(timetable, after=now)),
    )


def clock_changes(timetable: Timetable, *, now: datetime) -> list[str]:
    """What the next changes of summer and winter time do to its times, in sentences; empty where there are none."""
    if timetable.on_exchange_clock:
        return []
    zone = ZoneInfo(timetable.timezone)
    told = []
    for day in changing_days(zone, now):
        date_words = f"{day.day} {day:%B %Y}"
        begin = datetime.combine(day, time(), zone).astimezone(UTC)
        sessions = sessions_of(timetable, begin, begin + DAY)
        jumped = _jumped(timetable.occasions(begin - MOMENT, sessions), until=begin + DAY)
        if jumped:
            told.append(f"On {date_words} the clock jumps over {_listed(jumped)}: that time is left out.")
        else:
            told.append(f"The clock changes on {date_words}: its times stay the same on the clock of that place.")
    return told


def changing_days(zone: ZoneInfo, now: datetime) -> list[date]:
    """The days within a year on which the zone's clock is changed."""
    first = now.astimezone(zone).date()
    noons = [datetime.combine(first + n * DAY, time(12), zone) for n in range(-1, 366)]
    return [after.date() for before, after in pairwise(noons) if before.utcoffset() != after.utcoffset()]


def _jumped(occasions: Iterator[Occasion], *, until: datetime) -> list[str]:
    """Wall-clock times before `until` that do not exist."""
    return [one.skipped[-5:] for one in takewhile(lambda one: one.at < until, occasions) if one.skipped]


def _listed(times: list[str]) -> str:
    return times[0] if len(times) == 1 else f"{times[0]} and {len(times) - 1} more"
