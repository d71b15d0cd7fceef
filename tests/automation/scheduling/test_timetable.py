"""What can be written as a schedule, what it means in words, and what is refused with which fix."""

from __future__ import annotations

import pytest

from automation.scheduling.previewing import clock_changes
from automation.scheduling.timetable import Timetable, read_timetable
from automation.triggers.base import BadParams
from tests.automation.scheduling.making import utc

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("written", "stored", "words"),
    [
        (" 30 9 * * mon-fri", "30 9 * * MON-FRI", "Every weekday at 09:30 in America/New_York"),
        ("9:05", "5 9 * * *", "Every day at 09:05 in America/New_York"),
        ("*/10 * * * *", "*/10 * * * *", "Every 10 minutes in America/New_York"),
        ("Open + 05m", "open+5m", "5 min after the market open, on every trading day"),
        ("close-10m", "close-10m", "10 min before the market close, on every trading day"),
        ("close", "close", "When the market closes, on every trading day"),
    ],
)
def test_spellings_and_words(written, stored, words):
    found = read_timetable(written, NEW_YORK, trading_days_only=False)
    assert (found.schedule, found.words()) == (stored, words)
    assert read_timetable(found.schedule, found.timezone, trading_days_only=found.trading_days_only) == found


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("61 * * * *", "'61 * * * *' has '61' as minute: use * or 0 to 59"),
        ("0 25 * * *", "as hour: use * or 0 to 23"),
        ("daily", "has 1 field: give five fields, minute hour day-of-month month day-of-week"),
        ("open5m", "or open+5m, close-10m on the exchange's clock"),
        ("0 0 30 2 *", "as day-of-month"),
        ("* " * 60, "has 60 fields"),
        (None, "is required"),
        (5, "5 is not a text"),
        (["* * * * *"], "is not a text"),
    ],
)
def test_bad_schedules_say_value_and_fix(written, told):
    with pytest.raises(BadParams) as caught:
        read_timetable(written, NEW_YORK, trading_days_only=False)
    assert told in caught.value.errors["schedule"]


@pytest.mark.parametrize("zone", ["Mars/Phobos", "EST5EDT4", 5, "america/new_york"])
def test_bad_zones_say_value_and_fix(zone):
    with pytest.raises(BadParams) as caught:
        read_timetable("0 9 * * *", zone, trading_days_only=False)
    assert "use an IANA name such as America/New_York" in caught.value.errors["timezone"]


def test_both_errors_come_at_once():
    with pytest.raises(BadParams) as caught:
        read_timetable("x", "y", trading_days_only=False)
    assert set(caught.value.errors) == {"schedule", "timezone"}


def test_what_the_clock_jumps_over_is_marked_and_what_comes_twice_counts_once():
    gap = list_of("30 2 * * *", utc(2026, 3, 7, 12), 2)
    assert [(one.at, one.skipped) for one in gap] == [
        (utc(2026, 3, 8, 7), "2026-03-08 02:30"),
        (utc(2026, 3, 9, 6, 30), ""),
    ]
    fold = list_of("30 1 * * *", utc(2026, 10, 31, 12), 2)
    assert [one.at for one in fold] == [utc(2026, 11, 1, 5, 30), utc(2026, 11, 2, 6, 30)]


def list_of(schedule: str, after, count: int):
    occasions = Timetable(schedule=schedule).occasions(after, [])
    return [next(occasions) for _ in range(count)]


def test_what_the_next_changes_of_the_clock_do() -> None:
    now = utc(2026, 11, 20, 15)
    early = read_timetable("30 2 * * *", "America/New_York", trading_days_only=False)
    assert clock_changes(early, now=now) == [
        "On 14 March 2027 the clock jumps over 02:30: that time is left out.",
        "The clock changes on 7 November 2027: its times stay the same on the clock of that place.",
    ]
    assert clock_changes(read_timetable("30 2 * * *", "UTC", trading_days_only=False), now=now) == []
    assert clock_changes(read_timetable("open+5m", "America/New_York", trading_days_only=False), now=now) == []
