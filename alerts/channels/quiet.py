"""Quiet hours: from a wall-clock time to another, perhaps over midnight. Plain Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def quiet_until(now: datetime, *, begins: time | None, ends: time | None, zone: str) -> datetime | None:
    """When the quiet hours that `now` falls into are over (UTC); None outside of them.

    A wall-clock time that comes twice (fall back) counts the first time; one that does not exist (spring forward) is
    the instant as far after midnight, so an hour later on the clock. Equal times mean the whole day.
    """
    if begins is None or ends is None:
        return None
    local = ZoneInfo(zone)
    today = now.astimezone(local).date()
    for day in (today - DAY, today):
        start = _instant(day, begins, local)
        end = _instant(day if ends > begins else day + DAY, ends, local)
        if start <= now < end:
            return end
    return None


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
