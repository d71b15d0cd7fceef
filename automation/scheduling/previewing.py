"""What a schedule means before there is a job: in English, and its next five times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automation.scheduling.coming import next_times
from automation.scheduling.drafting import ZONE
from automation.scheduling.models import ScheduledJob
from automation.scheduling.reading import timetable_of
from automation.scheduling.timetable import Timetable, read_timetable
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader
from common.errors import InvalidInput


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
