"""When a job is due: a cron expression in a time zone, or minutes from New York's open or close.

The meaning of both is that of the rules' triggers `cron` and `time_of_day`: a wall-clock time that does not exist on a
day (spring forward) is skipped that day and reported, one that comes twice (fall back) counts the first time. Plain
Python: no database, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automation.triggers.base import BadParams, ClockPlan, Occasion, SessionTimes
from automation.triggers.cron import CRON
from automation.triggers.reading import clock_time
from automation.triggers.time_of_day import SESSION, TIME_OF_DAY

HINT = "or open+5m, close-10m on the exchange's clock, or 15:55 for every day"
_FIELDS = {"expression": "schedule", "time": "schedule"}  # what the triggers call it -> what a job calls it


@dataclass(frozen=True, kw_only=True, slots=True)
class Timetable:
    """The times of a job. `schedule` is normalised: five cron fields in capitals, or open, open+5m, close-10m."""

    schedule: str
    timezone: str = "America/New_York"
    trading_days_only: bool = False

    @property
    def on_exchange_clock(self) -> bool:
        """Whether it counts from the exchange's open or close."""
        return SESSION.fullmatch(self.schedule) is not None

    @property
    def needs_sessions(self) -> bool:
        """Whether its times depend on the exchange's calendar."""
        return self.trading_days_only or self.on_exchange_clock

    def occasions(self, after: datetime, sessions: list[SessionTimes]) -> Iterator[Occasion]:
        """Its times in order from the first after `after` on; those the clock jumps over have `skipped` set."""
        return self._plan().occasions(after, sessions)

    def words(self) -> str:
        """The schedule in plain English, with a capital: 'Every weekday at 09:30 in America/New_York'."""
        if self.on_exchange_clock:
            text = TIME_OF_DAY.sentence(self._params(), "").removeprefix("it is ").removeprefix("the market ")
            if text in ("opens", "closes"):
                return f"When the market {text}, on every trading day"
            return f"{text[:1].upper()}{text[1:]}, on every trading day"
        text = CRON.sentence(self._params(), "")
        return f"{text[:1].upper()}{text[1:]}"

    def _plan(self) -> ClockPlan:
        trigger = TIME_OF_DAY if self.on_exchange_clock else CRON
        return trigger.plan(self._params(), "")

    def _params(self) -> dict[str, Any]:
        if self.on_exchange_clock:
            return {"time": self.schedule, "timezone": self.timezone, "days": [], "trading_days_only": True}
        return {
            "expression": self.schedule,
            "timezone": self.timezone,
            "trading_days_only": self.trading_days_only,
        }


def read_timetable(schedule: Any, timezone: Any, *, trading_days_only: bool) -> Timetable:
    """Check and normalise. Raises BadParams with `schedule` and `timezone`, each naming value and fix."""
    text = schedule.strip() if isinstance(schedule, str) else schedule
    if isinstance(text, str) and SESSION.fullmatch(text.lower().replace(" ", "")):
        params = _parsed(TIME_OF_DAY, {"time": text.lower(), "timezone": timezone})
        return Timetable(schedule=params["time"], timezone=params["timezone"], trading_days_only=True)
    moment = clock_time(text) if isinstance(text, str) else None
    if moment is not None:
        text = f"{moment.minute} {moment.hour} * * *"
    params = _parsed(CRON, {"expression": text, "timezone": timezone})
    return Timetable(schedule=params["expression"], timezone=params["timezone"], trading_days_only=trading_days_only)


def _parsed(trigger: Any, raw: Mapping[str, Any]) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = trigger.parse(raw)
    except BadParams as bad:
        errors = {_FIELDS.get(key, key): text for key, text in bad.errors.items()}
        if re.search(r"has [0-4] fields?:|is required", errors.get("schedule", "")):
            errors["schedule"] += f"; {HINT}"
        raise BadParams(errors) from None
    return parsed
