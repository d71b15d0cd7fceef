"""`time_of_day`: at a wall-clock time, or so many minutes from the exchange's open or close."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from automation.triggers.base import ClockPlan, Occasion, Params, SessionTimes
from automation.triggers.clock import instant, jump
from automation.triggers.reading import DAYS, Reader, clock_time, shown

SESSION = re.compile(r"(open|close)(?:([+-])(\d{1,3})m)?", re.ASCII)
_HINT = "give HH:MM such as 15:55, or open, open+5m, close-10m"
_LOOK_AHEAD_DAYS = 15


class TimeOfDay:
    """Fires at that instant on each chosen day.

    A wall-clock time that does not exist on a day (spring forward) is skipped that day; one that comes twice (fall
    back) counts the first time. Session times follow the exchange's calendar, early closes included.
    """

    type = "time_of_day"
    needs_symbol = False
    of_portfolio = False

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        params: dict[str, Any] = {
            "time": read.text("time", required_hint=_HINT),
            "timezone": read.zone("timezone", default="America/New_York"),
            "days": read.days("days"),
            "trading_days_only": read.flag("trading_days_only", default=True),
        }
        text = params["time"]
        if text is not None:
            params["time"] = _normal(text)
            if params["time"] is None:
                read.errors["time"] = f"{shown(text)} is not a time: {_HINT}"
        read.done()
        return params

    def plan(self, params: Params, symbol: str) -> ClockPlan:
        return ClockPlan(occasions=partial(_occasions, params))

    def sentence(self, params: Params, symbol: str) -> str:
        days = f" on {', '.join(day.capitalize() for day in params['days'])}" if params["days"] else ""
        offset = _session_offset(params["time"])
        if offset:
            base, minutes = offset
            if not minutes:
                return f"the market {base}s{days}"
            word = "after" if minutes > 0 else "before"
            return f"it is {abs(minutes)} min {word} the market {base}{days}"
        kind = "trading day" if params["trading_days_only"] else "day"
        return f"it is {params['time']} in {params['timezone']} on any {kind}{days}"

    @property
    def example(self) -> dict[str, Any]:
        return {"time": "15:55", "timezone": "America/New_York", "days": [], "trading_days_only": True}


def _normal(text: str) -> str | None:
    """One spelling per time: 9:05 is 09:05, `open + 05m` is open+5m. None when it is not a time."""
    offset, moment = _session_offset(text), clock_time(text)
    if offset:
        return f"{offset[0]}{offset[1]:+d}m" if offset[1] else offset[0]
    return f"{moment:%H:%M}" if moment else None


def _session_offset(text: str) -> tuple[str, int] | None:
    match = SESSION.fullmatch(text.replace(" ", ""))
    if not match:
        return None
    minutes = int(match[3] or 0)
    return match[1], -minutes if match[2] == "-" else minutes


def _occasions(params: Params, after: datetime, sessions: list[SessionTimes]) -> Iterator[Occasion]:
    wanted = set(params["days"]) or set(DAYS)
    offset = _session_offset(params["time"])
    if offset:
        base, minutes = offset
        for session in sessions:
            at = (session.opens_at if base == "open" else session.closes_at) + timedelta(minutes=minutes)
            if at > after and DAYS[session.date.weekday()] in wanted:
                yield Occasion(at=at)
        return
    zone = ZoneInfo(params["timezone"])
    moment = clock_time(params["time"])
    assert moment is not None
    trading_dates = {session.date for session in sessions}
    first = after.astimezone(zone).date()
    last = max(sessions[-1].date if sessions else first, first + timedelta(days=_LOOK_AHEAD_DAYS))
    for day in (first + timedelta(days=n) for n in range((last - first).days)):
        if DAYS[day.weekday()] not in wanted or (params["trading_days_only"] and day not in trading_dates):
            continue
        due = instant(day, moment, zone)
        found = Occasion(at=due) if due else Occasion(at=jump(day, moment, zone), skipped=f"{day} {moment:%H:%M}")
        if found.at > after:
            yield found


TIME_OF_DAY = TimeOfDay()
