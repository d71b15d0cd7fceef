"""The instant at which a clock jumps over a time. (`instant` is tested with `time_of_day`.)"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from automation.triggers.clock import instant, jump


@pytest.mark.parametrize(
    ("zone", "day", "jumps_at"),
    [
        ("America/New_York", date(2026, 3, 8), datetime(2026, 3, 8, 7, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2026, 10, 4), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),  # by half an hour
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a whole day
    ],
)
def test_every_time_of_a_gap_is_jumped_over_at_the_same_instant(zone, day, jumps_at):
    clock = ZoneInfo(zone)
    times = [time(minute // 60, minute % 60) for minute in range(0, 1440, 5)]
    lost = [moment for moment in times if instant(day, moment, clock) is None]
    assert lost
    assert {jump(day, moment, clock) for moment in lost} == {jumps_at}
    before = (jumps_at - timedelta(seconds=1)).astimezone(clock)
    assert jumps_at.astimezone(clock).utcoffset() > before.utcoffset()
