"""A timetable in the words of a Celery crontab, which may say more moments than the timetable but never fewer.

Beat only says "look": a poke too many finds nothing due. So what crontab cannot say (the last day, the first Monday,
Debian's OR of days) becomes every day, and minutes from the exchange's close become the wall-clock times that the
coming sessions give, on half-days too. Plain Python.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

from automation.scheduling.timetable import Timetable
from automation.triggers.base import SessionTimes

_EXCHANGE_ZONE = "America/New_York"
_START = datetime(2024, 1, 1)  # noqa: DTZ001  (a wall clock, only so that the expression is read)
_EVERY = "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class BeatTimes:
    """The fields of a crontab, as django-celery-beat stores them."""

    minute: str
    hour: str
    day_of_month: str = _EVERY
    month_of_year: str = _EVERY
    day_of_week: str = _EVERY
    timezone: str


def beat_times(timetable: Timetable, sessions: Iterable[SessionTimes], *, after: datetime) -> BeatTimes:
    """When beat pokes for this timetable. `sessions` are the coming ones; they matter on the exchange's clock only."""
    if timetable.on_exchange_clock:
        return _of_sessions(timetable, list(sessions), after)
    cron = CronSim(timetable.schedule, _START)
    days, weekdays = _days(cron), _weekdays(cron)
    if days is None or weekdays is None or not cron.day_and:
        days, weekdays = _EVERY, _EVERY
    return BeatTimes(
        minute=_listed(cron.minutes, 60),
        hour=_listed(cron.hours, 24),
        day_of_month=days,
        month_of_year=_listed(cron.months, 12),
        day_of_week=weekdays,
        timezone=timetable.timezone,
    )


def _of_sessions(timetable: Timetable, sessions: list[SessionTimes], after: datetime) -> BeatTimes:
    zone = ZoneInfo(_EXCHANGE_ZONE)
    times = [occasion.at.astimezone(zone) for occasion in timetable.occasions(after, sessions)]
    if not times:  # the calendar is empty: look now and then
        return BeatTimes(minute="*/15", hour=_EVERY, timezone=_EXCHANGE_ZONE)
    return BeatTimes(
        minute=_listed({at.minute for at in times}, 60),
        hour=_listed({at.hour for at in times}, 24),
        timezone=_EXCHANGE_ZONE,
    )


def _days(cron: CronSim) -> str | None:
    """The days of the month; None when crontab has no word for them."""
    return None if min(cron.days) < 0 else _listed(cron.days, 31)


def _weekdays(cron: CronSim) -> str | None:
    """The days of the week, Sunday as 0; None when crontab has no word for them."""
    numbers = [day for day in cron.weekdays if isinstance(day, int)]
    if len(numbers) < len(cron.weekdays):
        return None
    return _listed({number % 7 for number in numbers}, 7)


def _listed(numbers: Iterable[int], of: int) -> str:
    chosen = sorted(numbers)
    return _EVERY if len(chosen) == of else ",".join(str(number) for number in chosen)
