"""`cron`: at the times of a cron expression, for what comes again and again: a purchase every Monday."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from automation.triggers.base import ClockPlan, Occasion, Params, SessionTimes
from automation.triggers.clock import instant, jump
from automation.triggers.reading import Reader, shown

_HINT = "give five fields, minute hour day-of-month month day-of-week, such as 30 9 * * MON"
_LONGEST = 100  # characters
# The fields in order: cronsim's name, and what may stand there.
_FIELDS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day-of-month", "1 to 31 (a day its month has), L for the last"),
    ("month", "1 to 12 or JAN to DEC"),
    ("day-of-week", "0 to 7 or SUN to SAT, MON#1 for the first Monday, 5L for the last Friday"),
)
_DAY_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_EVEN_STEPS = (2, 3, 4, 5, 6, 10, 12, 15, 20, 30)  # minutes that divide an hour
_START = datetime(2024, 1, 1)  # noqa: DTZ001  (a wall clock, to see whether an expression has any time at all)


class Cron:
    """Fires at each wall-clock time of the expression, as cron in Debian reads it, in the given time zone.

    A time that does not exist on a day (spring forward) is skipped that day and reported; one that comes twice (fall
    back) counts the first time, for expressions such as `*/10 * * * *` too.
    """

    type = "cron"
    needs_symbol = False
    of_portfolio = False

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        params: dict[str, Any] = {
            "expression": read.text("expression", required_hint=_HINT),
            "timezone": read.zone("timezone", default="America/New_York"),
            "trading_days_only": read.flag("trading_days_only", default=False),
        }
        text = params["expression"]
        if text is not None:
            params["expression"] = " ".join(text.upper().split())
            problem = _problem(params["expression"])
            if problem:
                read.errors["expression"] = f"{shown(text)} {problem}"
        read.done()
        return params

    def plan(self, params: Params, symbol: str) -> ClockPlan:
        return ClockPlan(occasions=partial(_occasions, params), far=True)

    def sentence(self, params: Params, symbol: str) -> str:
        days = ", on trading days only" if params["trading_days_only"] else ""
        return f"{_in_words(params['expression'])} in {params['timezone']}{days}"

    @property
    def example(self) -> dict[str, Any]:
        return {"expression": "30 9 * * MON", "timezone": "America/New_York", "trading_days_only": False}


def _problem(expression: str) -> str:
    """What is wrong with the expression, and how to mend it; empty when it can be used."""
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        return f"has {len(fields)} field{'' if len(fields) == 1 else 's'}: {_HINT}"
    if len(expression) > _LONGEST:
        return f"is {len(expression)} characters long: at most {_LONGEST} are read"
    try:
        next(CronSim(expression, _START))
    except CronSimError as error:  # "Bad hour"
        for (name, allowed), text in zip(_FIELDS, fields, strict=True):
            if name in str(error):
                return f"has {shown(text)} as {name}: use * or {allowed}; lists 1,3, ranges 1-5 and steps */2 work too"
        return f"is not a cron expression: {_HINT}"
    except StopIteration:
        return f"never comes within 50 years: {_HINT}"
    return ""


def _occasions(params: Params, after: datetime, sessions: list[SessionTimes]) -> Iterator[Occasion]:
    zone = ZoneInfo(params["timezone"])
    trading = {session.date for session in sessions} if params["trading_days_only"] else None
    last = max(trading, default=None) if trading is not None else None
    wall = after.astimezone(zone).replace(tzinfo=None)  # cronsim counts on the wall clock; instants are found here
    ticks = CronSim(params["expression"], wall)
    while (found := next(ticks, None)) is not None:
        if trading is not None and found.date() not in trading:
            if last is None or found.date() > last:
                return  # not known yet: the calendar ends
            ticks = CronSim(params["expression"], _end_of(found.date()))
            continue
        occasion = _occasion(found, zone)
        if occasion.at > after:
            yield occasion


def _occasion(wall: datetime, zone: ZoneInfo) -> Occasion:
    at = instant(wall.date(), wall.time(), zone)
    if at is not None:
        return Occasion(at=at)
    return Occasion(at=jump(wall.date(), wall.time(), zone), skipped=f"{wall:%Y-%m-%d %H:%M}")


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.min) + timedelta(days=1, seconds=-1)


def _in_words(expression: str) -> str:
    """The expression as people say it, if it is one of the usual ones; else as cronsim explains it."""
    minute, hour, day, month, weekday = expression.split()
    if month == "*" and day == "*" and weekday == "*" and hour == "*":
        if minute == "*":
            return "every minute"
        if step := re.fullmatch(r"\*/(\d+)", minute):
            return f"every {int(step[1])} minutes" if int(step[1]) in _EVEN_STEPS else _explained(expression)
        if minute.isdigit():
            return f"every hour at minute {int(minute)}"
    if month != "*" or not (minute.isdigit() and hour.isdigit()):
        return _explained(expression)
    at = f"at {int(hour):02}:{int(minute):02}"
    if day == "*" and (days := _days(weekday)):
        return f"every {days} {at}"
    if weekday == "*" and day == "L":
        return f"on the last day of every month {at}"
    if weekday == "*" and day.isdigit():
        return f"on day {int(day)} of every month {at}"
    return _explained(expression)


def _days(weekday: str) -> str:
    """Monday, weekday, day, Monday and Friday; empty when it takes more than that to say."""
    if weekday == "*":
        return "day"
    if weekday in ("1-5", "MON-FRI"):
        return "weekday"
    numbers = [_SHORT.index(text) if text in _SHORT else text for text in weekday.split(",")]
    if any(isinstance(number, str) and not number.isdigit() for number in numbers):
        return ""
    names = [_DAY_NAMES[int(number)] for number in numbers]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _explained(expression: str) -> str:
    words = CronSim(expression, _START).explain()
    return f"{words[:1].lower()}{words[1:]}"


CRON = Cron()
