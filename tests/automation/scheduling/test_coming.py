"""The next times, with the exchange's real calendar where it matters."""

from __future__ import annotations

from datetime import date

import pytest

from automation.scheduling.coming import LOOK_AGAIN, Coming, coming, next_times
from automation.scheduling.timetable import Timetable
from tests.automation.scheduling.making import new_york_calendar, utc

pytestmark = pytest.mark.django_db
HALF_DAY = utc(2026, 11, 27, 18)  # the day after Thanksgiving closes at 13:00 in New York


@pytest.fixture
def sessions() -> None:
    new_york_calendar(date(2026, 11, 1), date(2026, 12, 31))


def test_the_close_of_a_half_day_is_the_half_days(sessions: None):
    before_close = Timetable(schedule="close-10m", trading_days_only=True)
    assert next_times(before_close, after=utc(2026, 11, 25, 12), count=3) == [
        utc(2026, 11, 25, 20, 50), utc(2026, 11, 27, 17, 50), utc(2026, 11, 30, 20, 50),
    ]  # fmt: skip


def test_trading_days_only_leaves_out_thanksgiving_and_weekends(sessions: None):
    mornings = Timetable(schedule="30 9 * * *", trading_days_only=True)
    assert next_times(mornings, after=utc(2026, 11, 25, 20), count=2) == [
        utc(2026, 11, 27, 14, 30), utc(2026, 11, 30, 14, 30),
    ]  # fmt: skip


def test_far_times_are_found_beyond_a_fortnight(sessions: None):
    christmas_eve = Timetable(schedule="0 9 24 12 *", trading_days_only=True)
    at = utc(2026, 12, 24, 14)
    assert coming(christmas_eve, after=utc(2026, 11, 20)) == Coming(look_at=at, due_at=at)


def test_without_a_calendar_it_looks_again_tomorrow():
    after = utc(2026, 11, 20)
    assert coming(Timetable(schedule="open+5m", trading_days_only=True), after=after) == Coming(
        look_at=after + LOOK_AGAIN, due_at=None
    )


def test_a_gap_is_looked_at_when_the_clock_jumps():
    found = coming(Timetable(schedule="30 2 * * *"), after=utc(2026, 3, 7, 12))
    assert found == Coming(look_at=utc(2026, 3, 8, 7), due_at=utc(2026, 3, 9, 6, 30))


def test_half_past_nine_stays_half_past_nine_over_both_changes():
    mornings = Timetable(schedule="30 9 * * *")
    assert next_times(mornings, after=utc(2026, 3, 7, 12), count=2) == [
        utc(2026, 3, 7, 14, 30),
        utc(2026, 3, 8, 13, 30),
    ]
    assert next_times(mornings, after=utc(2026, 10, 31, 12), count=2) == [
        utc(2026, 10, 31, 13, 30), utc(2026, 11, 1, 14, 30),
    ]  # fmt: skip
