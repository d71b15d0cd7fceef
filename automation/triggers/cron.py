"""`cron`: at the times of a cron expression, for what comes again and again: a purchase every Monday."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim

from automation.triggers.base import ClockPlan, Occasion, Params, SessionTimes
from automation.triggers.clock import instant, jump
from automation.triggers.reading import Reader, shown
from common.cron import HINT, START, problem_of

_DAY_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_EVEN_STEPS = (2, 3, 4, 5, 6, 10, 12, 15, 20, 30)  # minutes that divide an hour


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
            "expression": read.text("expression", required_hint=HINT),
            "timezone": read.zone("timezone", default="America/New_York"),
            "trading_days_only": read.flag("trading_days_only", default=False),
        }
        text = params["expression"]
        if text is not None:
            params["expression"] = " ".join(text.upper().split())
            problem = problem_of(params["expression"])
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
    words = CronSim(expression, START).explain()
    return f"{words[:1].lower()}{words[1:]}"


CRON = Cron()
