from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.triggers.base import ClockPlan, SessionTimes
from automation.triggers.clock import instant
from automation.triggers.registry import TRIGGERS
from markets.calendar import new_york_sessions
from tests.automation.triggers.showing import errors, is_normal, parse

KIND = "time_of_day"
NEW_YORK = ZoneInfo("America/New_York")
SESSIONS = [
    SessionTimes(date=row.date, opens_at=row.opens_at, closes_at=row.closes_at)
    for row in new_york_sessions(date(2026, 1, 1), date(2026, 12, 31))
]


def due(after: str, **params) -> str | None:
    """The next due time after `after`, both as New York wall clock."""
    plan = TRIGGERS[KIND].plan(parse(KIND, **params), "")
    assert isinstance(plan, ClockPlan)
    start = datetime.fromisoformat(after).replace(tzinfo=NEW_YORK)
    found = plan.next_due(start.astimezone(UTC), SESSIONS)
    return found.astimezone(NEW_YORK).strftime("%a %Y-%m-%d %H:%M") if found else None


# --- parameters
def test_defaults():
    assert is_normal(KIND, time="15:55") == {
        "time": "15:55", "timezone": "America/New_York", "days": [], "trading_days_only": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "kept"),
    [("9:05", "09:05"), (" 15:55 ", "15:55"), ("00:00", "00:00"), ("23:59", "23:59"), ("open", "open"),
     ("open + 05m", "open+5m"), ("close-10m", "close-10m"), ("close+0m", "close")],
)  # fmt: skip
def test_each_time_has_one_spelling(given, kept):
    assert is_normal(KIND, time=given)["time"] == kept


@pytest.mark.parametrize(
    "text",
    ["24:00", "12:60", "noon", "9", "9:5", "12:00:00", "-1:00", "1²:00", "١٥:٣٠", "open+5", "opens", "close*2m", "5pm"],
)
def test_what_is_no_time_is_refused_with_examples(text):
    found = errors(KIND, time=text)
    assert list(found) == ["time"]
    assert text in found["time"]
    assert "close-10m" in found["time"]


def test_a_time_is_required_and_must_be_a_text():
    assert "required" in errors(KIND)["time"]
    for value in (1555, True, ["15:55"], 15.5):
        assert str(value) in errors(KIND, time=value)["time"]


@pytest.mark.parametrize(
    "zone", ["New York", "EST5", "america/new_york", "America", "../etc/passwd", "/etc/localtime", "right/UTC",
             "localtime", "x" * 5000, "a\x00b", "+05:00", 5, True, ["UTC"]],
)  # fmt: skip
def test_a_wrong_time_zone_is_refused_with_a_right_one(zone):
    assert "America/New_York" in errors(KIND, time="12:00", timezone=zone)["timezone"]


@pytest.mark.parametrize("days", ["monday", ["mon", "tues"], 5, True, {"mon": 1}, [["mon"]], "MON"])
def test_days_are_mon_to_sun(days):
    assert "mon, tue, wed" in errors(KIND, time="12:00", days=days)["days"]


def test_days_come_back_in_order_once():
    assert parse(KIND, time="12:00", days=["fri", "mon", "fri"])["days"] == ["mon", "fri"]
    assert parse(KIND, time="12:00", days="wed")["days"] == ["wed"]


@pytest.mark.parametrize("flag", ["true", 1, 0, "no", [True]])
def test_trading_days_only_is_true_or_false(flag):
    assert "true or false" in errors(KIND, time="12:00", trading_days_only=flag)["trading_days_only"]


def test_an_unknown_key_names_the_nearest():
    assert "did you mean timezone?" in errors(KIND, time="12:00", time_zone="UTC")["time_zone"]


def test_sentences():
    def say(**params):
        return TRIGGERS[KIND].sentence(parse(KIND, **params), "")

    assert say(time="15:55") == "it is 15:55 in America/New_York on any trading day"
    assert say(time="9:00", timezone="Europe/Berlin", trading_days_only=False, days=["mon"]) == (
        "it is 09:00 in Europe/Berlin on any day on Mon"
    )
    assert say(time="open") == "the market opens"
    assert say(time="close-10m", days=["fri"]) == "it is 10 min before the market close on Fri"


# --- meaning
def test_the_next_time_is_today_or_the_next_trading_day():
    assert due("2026-11-20 15:54", time="15:55") == "Fri 2026-11-20 15:55"
    assert due("2026-11-20 15:55", time="15:55") == "Mon 2026-11-23 15:55"  # strictly after; over the weekend
    assert due("2026-11-25 15:55", time="15:55") == "Fri 2026-11-27 15:55"  # Thanksgiving


def test_without_trading_days_only_weekends_count():
    assert due("2026-11-20 16:00", time="15:55", trading_days_only=False) == "Sat 2026-11-21 15:55"
    assert due("2026-11-20 16:00", time="15:55", trading_days_only=False, days=["sun"]) == "Sun 2026-11-22 15:55"


def test_chosen_days_only():
    assert due("2026-11-20 16:00", time="10:00", days=["thu", "fri"]) == "Fri 2026-11-27 10:00"  # not Thanksgiving
    assert due("2026-11-20 16:00", time="10:00", days=["sat", "sun"]) is None  # no trading day ever


def test_session_times_follow_half_days():
    assert due("2026-11-20 09:00", time="open") == "Fri 2026-11-20 09:30"
    assert due("2026-11-20 09:30", time="open+5m") == "Fri 2026-11-20 09:35"
    assert due("2026-11-25 16:30", time="close-10m") == "Fri 2026-11-27 12:50"  # the half-day after Thanksgiving
    assert due("2026-12-24 12:00", time="close") == "Thu 2026-12-24 13:00"
    assert due("2026-11-20 09:35", time="open+5m", days=["wed"]) == "Wed 2026-11-25 09:35"


def test_session_offsets_may_reach_out_of_the_session():
    assert due("2026-11-20 05:00", time="open-60m") == "Fri 2026-11-20 08:30"
    assert due("2026-11-20 23:00", time="close+900m") == "Sat 2026-11-21 07:00"


def test_session_times_are_the_same_on_the_clock_in_summer_and_winter():
    for day in ("2026-03-06", "2026-03-09", "2026-10-30", "2026-11-02"):
        assert due(f"{day} 00:01", time="open+5m").endswith(f"{day} 09:35")


def test_a_time_in_the_spring_gap_is_skipped_that_day():
    sunday = {"time": "02:30", "trading_days_only": False}
    assert due("2026-03-07 12:00", **sunday) == "Mon 2026-03-09 02:30"  # 8 March has no 02:30 in New York
    berlin = {**sunday, "timezone": "Europe/Berlin"}
    plan = TRIGGERS[KIND].plan(parse(KIND, **berlin), "")
    found = plan.next_due(datetime(2026, 3, 28, 12, tzinfo=UTC), [])
    assert found == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


def test_a_time_that_comes_twice_fires_at_the_first_only():
    params = parse(KIND, time="01:30", trading_days_only=False)
    plan = TRIGGERS[KIND].plan(params, "")
    first = plan.next_due(datetime(2026, 10, 31, 12, tzinfo=UTC), [])
    assert first == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)  # 01:30 EDT; 06:30 UTC is 01:30 EST
    assert plan.next_due(first, []) == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


def test_without_sessions_nothing_is_due():
    plan = TRIGGERS[KIND].plan(parse(KIND, time="open"), "")
    assert plan.next_due(datetime(2026, 11, 20, tzinfo=UTC), []) is None


ZONES = st.sampled_from(
    ["America/New_York", "Europe/London", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
)


@given(
    day=st.dates(date(2011, 1, 1), date(2040, 12, 31)), clock=st.times(timezones=st.none()), zone=ZONES.map(ZoneInfo)
)
def test_an_instant_shows_the_wall_clock_it_was_made_from_or_does_not_exist(day, clock, zone):
    clock = clock.replace(second=0, microsecond=0, fold=0)
    at = instant(day, clock, zone)
    if at is None:  # in a gap: the wall clock jumps over it
        before = datetime.combine(day, clock, tzinfo=UTC) - timedelta(hours=30)
        seen = {(before + timedelta(minutes=n)).astimezone(zone).replace(tzinfo=None) for n in range(0, 60 * 60, 30)}
        assert datetime.combine(day, clock.replace(minute=clock.minute // 30 * 30)) not in seen
    else:
        assert at.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, clock)
        earlier = (at - timedelta(hours=1)).astimezone(zone)
        assert earlier.replace(tzinfo=None) != datetime.combine(day, clock)  # the first of two


@given(
    start=st.integers(0, 295 * 1440).map(lambda n: datetime(2026, 1, 10, tzinfo=UTC) + timedelta(minutes=n)),
    at=st.one_of(st.times().map(lambda t: f"{t:%H:%M}"), st.sampled_from(["open", "close", "open+30m", "close-90m"])),
    days=st.lists(st.sampled_from(["mon", "wed", "fri"]), unique=True),
)
def test_a_due_time_is_later_on_a_chosen_trading_day_and_none_lies_between(start, at, days):
    plan = TRIGGERS[KIND].plan(parse(KIND, time=at, days=days), "")
    found = plan.next_due(start, SESSIONS)
    assert found is not None
    assert found > start
    local = found.astimezone(NEW_YORK)
    assert local.date() in {session.date for session in SESSIONS}
    assert not days or f"{local:%a}".lower() in days
    middle = start + (found - start) / 2
    assert plan.next_due(middle, SESSIONS) == found


def test_the_clock_reads_hours_and_minutes_only():
    assert instant(date(2026, 7, 1), time(9, 30), NEW_YORK) == datetime(2026, 7, 1, 13, 30, tzinfo=UTC)
