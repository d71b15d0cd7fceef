from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.triggers.base import ClockPlan, SessionTimes
from automation.triggers.registry import TRIGGERS
from markets.calendar import new_york_sessions
from tests.automation.triggers.showing import errors, is_normal, parse

KIND = "cron"
NEW_YORK = ZoneInfo("America/New_York")
SESSIONS = [
    SessionTimes(date=row.date, opens_at=row.opens_at, closes_at=row.closes_at)
    for row in new_york_sessions(date(2026, 1, 1), date(2026, 12, 31))
]


def plan_of(expression: str, **params) -> ClockPlan:
    plan = TRIGGERS[KIND].plan(parse(KIND, expression=expression, **params), "")
    assert isinstance(plan, ClockPlan)
    return plan


def coming(expression: str, after: datetime, count: int, sessions=SESSIONS, **params) -> list[str]:
    """The next occasions as UTC; what the clock jumps over in brackets."""
    found = islice(plan_of(expression, **params).occasions(after, sessions), count)
    return [f"{o.at:%a %m-%d %H:%M}" + (f" [{o.skipped}]" if o.skipped else "") for o in found]


def utc(*parts: int) -> datetime:
    return datetime(2026, *parts, tzinfo=UTC)


# --- parameters
def test_defaults():
    assert is_normal(KIND, expression="30 9 * * 1") == {
        "expression": "30 9 * * 1", "timezone": "America/New_York", "trading_days_only": False,
    }  # fmt: skip


def test_each_expression_has_one_spelling():
    assert is_normal(KIND, expression="  30  9 * jan mon-fri ")["expression"] == "30 9 * JAN MON-FRI"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("60 9 * * *", "'60' as minute: use * or 0 to 59"),
        ("30 24 * * *", "'24' as hour: use * or 0 to 23"),
        ("30 9 0 * *", "'0' as day-of-month"),
        ("30 9 32 * *", "'32' as day-of-month"),
        ("0 0 31 2 *", "'31' as day-of-month: use * or 1 to 31 (a day its month has)"),
        ("30 9 * 13 *", "'13' as month: use * or 1 to 12 or JAN to DEC"),
        ("30 9 * * 8", "'8' as day-of-week"),
        ("30 9 * * MO", "'MO' as day-of-week: use * or 0 to 7 or SUN to SAT"),
        ("30 9 * * 5-1", "'5-1' as day-of-week"),
        ("*/0 9 * * *", "'*/0' as minute"),
        ("1, 9 * * *", "'1,' as minute"),
        ("30 ² * * *", "'²' as hour"),
        ("30 9 * * ٣", "'٣' as day-of-week"),
        ("-5 9 * * *", "'-5' as minute"),
    ],
)
def test_the_wrong_field_is_named_with_what_may_stand_there(expression, words):
    found = errors(KIND, expression=expression)
    assert list(found) == ["expression"]
    assert words in found["expression"]


@pytest.mark.parametrize(
    ("expression", "count"), [("", 0), ("@daily", 1), ("9 * * *", 4), ("0 30 9 * * MON", 6), ("30 9 * * MON 2026 x", 7)]
)
def test_it_has_five_fields(expression, count):
    text = errors(KIND, expression=expression)["expression"]
    assert "minute hour day-of-month month day-of-week, such as 30 9 * * MON" in text
    assert count == 0 or f"has {count} field" in text


def test_bad_values_of_any_kind_are_refused():
    for value in (5, True, ["30 9 * * 1"], {"a": 1}, 1.5):
        assert "is not a text" in errors(KIND, expression=value)["expression"]
    assert "required" in errors(KIND)["expression"]
    assert "characters long" in errors(KIND, expression=f"{','.join(['1'] * 90)} * * * *")["expression"]
    assert "characters long" in errors(KIND, expression=f"{'9' * 5000} * * * *")["expression"]
    assert "IANA" in errors(KIND, expression="* * * * *", timezone="New York")["timezone"]
    assert "true or false" in errors(KIND, expression="* * * * *", trading_days_only="yes")["trading_days_only"]


@given(st.text(alphabet="0123456789*,-/#LW MONFRIJAN", max_size=30))
def test_any_text_is_read_or_refused_and_what_is_read_reads_well(text):
    trigger = TRIGGERS[KIND]
    try:
        params = trigger.parse({"expression": text})
    except ValueError:
        return
    assert trigger.parse(params) == params
    assert trigger.sentence(params, "").startswith(("every ", "on ", "at "))
    assert next(trigger.plan(params, "").occasions(utc(1, 1), [])).at > utc(1, 1)


# --- words
@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("30 9 * * MON", "every Monday at 09:30"),
        ("30 9 * * 1", "every Monday at 09:30"),
        ("5 16 * * 0", "every Sunday at 16:05"),
        ("5 16 * * 7", "every Sunday at 16:05"),
        ("0 10 * * 1,3,FRI", "every Monday, Wednesday and Friday at 10:00"),
        ("0 10 * * *", "every day at 10:00"),
        ("0 10 * * 1-5", "every weekday at 10:00"),
        ("0 10 * * MON-FRI", "every weekday at 10:00"),
        ("0 10 1 * *", "on day 1 of every month at 10:00"),
        ("0 10 L * *", "on the last day of every month at 10:00"),
        ("*/15 * * * *", "every 15 minutes"),
        ("*/1 * * * *", "every minute"),
        ("* * * * *", "every minute"),
        ("5 * * * *", "every hour at minute 5"),
        ("0 9 * * MON#1", "at 09:00 on the first Monday of the month"),
        ("0 9,15 4 7 *", "at 09:00 and 15:00 on July 4"),
        ("*/7 * * * *", "every seventh minute of every hour"),
    ],
)
def test_sentences(expression, words):
    params = parse(KIND, expression=expression)
    assert TRIGGERS[KIND].sentence(params, "") == f"{words} in America/New_York"


def test_the_sentence_says_the_zone_and_trading_days():
    params = parse(KIND, expression="0 10 * * *", timezone="Europe/Berlin", trading_days_only=True)
    assert TRIGGERS[KIND].sentence(params, "") == "every day at 10:00 in Europe/Berlin, on trading days only"


# --- meaning
def test_times_are_those_of_the_wall_clock_in_summer_and_winter():
    assert coming("30 9 * * MON", utc(3, 1), 3) == ["Mon 03-02 14:30", "Mon 03-09 13:30", "Mon 03-16 13:30"]
    assert coming("30 9 * * MON", utc(3, 2, 14, 30), 1) == ["Mon 03-09 13:30"]  # strictly after


def test_a_time_that_does_not_exist_is_an_occasion_that_is_skipped():
    assert coming("30 2 * * *", utc(3, 7, 12), 2) == ["Sun 03-08 07:00 [2026-03-08 02:30]", "Mon 03-09 06:30"]
    assert plan_of("30 2 * * *").next_due(utc(3, 7, 12), []) == utc(3, 9, 6, 30)
    assert coming("30 2 * * *", utc(3, 8, 7), 1) == ["Mon 03-09 06:30"]  # told once


def test_a_time_that_comes_twice_runs_once_at_the_first():
    assert coming("30 1 * * *", utc(10, 31, 12), 2) == ["Sun 11-01 05:30", "Mon 11-02 06:30"]
    half_hours = coming("*/30 * * * *", utc(11, 1, 4, 45), 4)
    assert half_hours == ["Sun 11-01 05:00", "Sun 11-01 05:30", "Sun 11-01 07:00", "Sun 11-01 07:30"]
    assert coming("*/30 * * * *", utc(11, 1, 6, 10), 1) == ["Sun 11-01 07:00"]  # from within the second hour


def test_once_a_year_and_once_in_four_years():
    assert plan_of("0 12 29 2 *").next_due(utc(3, 1), []) == datetime(2028, 2, 29, 17, tzinfo=UTC)
    assert plan_of("0 12 24 12 *").next_due(utc(12, 25), []) == datetime(2027, 12, 24, 17, tzinfo=UTC)


def test_trading_days_only_skips_weekends_and_holidays():
    assert coming("0 10 * * *", utc(11, 24, 16), 3, trading_days_only=True) == [
        "Wed 11-25 15:00", "Fri 11-27 15:00", "Mon 11-30 15:00",
    ]  # fmt: skip
    assert coming("0 10 4 7 *", utc(1, 2), 1, trading_days_only=True) == []  # the Fourth; next year is not known yet


def test_beyond_the_known_sessions_a_trading_day_is_not_promised():
    plan = plan_of("0 10 1 12 *", trading_days_only=True)
    assert plan.next_due(utc(3, 1), SESSIONS[:60]) is None
    assert plan.next_due(utc(3, 1), []) is None
    assert plan.next_due(utc(3, 1), SESSIONS) == utc(12, 1, 15)
    assert plan.far


expressions = st.sampled_from(
    ["*/10 * * * *", "30 2 * * *", "15 1,3 * * *", "0 9 * * MON", "0 12 1 * *", "59 23 L * *", "0 0 * * 1-5"]
)
zones = st.sampled_from(["America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])


@given(
    expressions,
    zones,
    st.integers(0, 360 * 1440).map(lambda n: utc(1, 1) + timedelta(minutes=n)),
)
def test_asking_from_any_moment_gives_the_same_occasions(expression, zone, start):
    """Each wall-clock time once, in order, whether asked for one by one or together."""
    plan = plan_of(expression, timezone=zone)
    together = list(islice(plan.occasions(start, []), 8))
    assert all(a.at < b.at or a.skipped or b.skipped for a, b in pairwise(together))
    walls = [o.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for o in together if not o.skipped]
    assert walls == sorted(set(walls))
    at = start
    for expected in [o.at for o in together if not o.skipped]:
        at = plan.next_due(at, [])
        assert at == expected
