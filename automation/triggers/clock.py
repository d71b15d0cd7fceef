"""Wall clocks and the instants they show: days on which the clock jumps, and days on which an hour comes twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def instant(day: date, moment: time, zone: ZoneInfo) -> datetime | None:
    """The UTC instant of a local wall-clock time; None in a spring-forward gap; the first of the two in a fold."""
    local = datetime.combine(day, moment, tzinfo=zone)  # fold=0: the first
    at = local.astimezone(UTC)
    return at if at.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None) else None


def jump(day: date, moment: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC, to the second) at which the clock jumped over a wall-clock time that does not exist."""
    local = datetime.combine(day, moment, tzinfo=zone)
    # Read with the offset of before the jump it lies after the jump, with the one of after it before.
    after, before = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    old = before.astimezone(zone).utcoffset()
    while (gap := (after - before) // timedelta(seconds=1)) > 1:
        middle = before + timedelta(seconds=gap // 2)
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == old else (before, middle)
    return after
