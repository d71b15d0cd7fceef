"""Beat's crontab says every moment the timetable says: judged by Celery's own crontab, minute by minute."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from celery.schedules import crontab
from hypothesis import given
from hypothesis import strategies as st

from automation.scheduling.beat_times import beat_times
from automation.scheduling.timetable import Timetable
from automation.triggers.base import SessionTimes
from markets.calendar import new_york_sessions
from tests.automation.scheduling.making import utc

START = utc(2026, 2, 1)


def says(timetable: Timetable, moment, sessions=()) -> bool:
    """Whether beat's crontab has this moment."""
    fields = asdict(beat_times(timetable, sessions, after=START))
    local = moment.astimezone(ZoneInfo(fields.pop("timezone")))
    cron = crontab(**fields)
    return (
        local.minute in cron.minute
        and local.hour in cron.hour
        and local.day in cron.day_of_month
        and local.month in cron.month_of_year
        and local.isoweekday() % 7 in cron.day_of_week
    )


def number(low: int, high: int) -> st.SearchStrategy[str]:
    one = st.integers(low, high)
    return st.one_of(
        st.just("*"),
        one.map(str),
        st.lists(one, min_size=2, max_size=3).map(lambda found: ",".join(map(str, found))),
        st.integers(2, 9).map(lambda step: f"*/{step}"),
        st.tuples(one, one).map(lambda pair: f"{min(pair)}-{max(pair)}"),
    )


DAYS = st.one_of(number(1, 28), st.just("L"), st.just("LW"))
WEEKDAYS = st.one_of(number(0, 7), st.sampled_from(["MON", "MON-FRI", "MON#1", "5L", "SUN,WED"]))


@given(number(0, 59), number(0, 23), DAYS, st.one_of(st.just("*"), number(1, 12)), WEEKDAYS)
def test_no_time_of_a_cron_expression_is_missing(minute, hour, day, month, weekday):
    timetable = Timetable(schedule=f"{minute} {hour} {day} {month} {weekday}")
    occasions = timetable.occasions(START, [])
    for _ in range(4):
        found = next(occasions, None)
        assert found is None or found.skipped or says(timetable, found.at)


def test_plain_expressions_say_nothing_more():
    fields = beat_times(Timetable(schedule="30 9 * * MON-FRI", timezone="Europe/Berlin"), [], after=START)
    assert asdict(fields) == {
        "minute": "30", "hour": "9", "day_of_month": "*", "month_of_year": "*", "day_of_week": "1,2,3,4,5",
        "timezone": "Europe/Berlin",
    }  # fmt: skip


@pytest.mark.parametrize("schedule", ["open", "open+5m", "close-10m"])
def test_the_exchange_clock_pokes_at_every_session_of_a_year(schedule):
    days = new_york_sessions(date(2026, 2, 1), date(2026, 12, 31))
    sessions = [SessionTimes(date=one.date, opens_at=one.opens_at, closes_at=one.closes_at) for one in days]
    timetable = Timetable(schedule=schedule, trading_days_only=True)
    found = list(timetable.occasions(START, sessions))
    assert len(found) == len(days)
    assert all(says(timetable, one.at, sessions) for one in found)


def test_without_a_calendar_beat_pokes_now_and_then():
    fields = beat_times(Timetable(schedule="open", trading_days_only=True), [], after=START)
    assert (fields.minute, fields.hour) == ("*/15", "*")
