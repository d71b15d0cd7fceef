"""Sessions against facts anybody can look up: half-days, holidays, clock changes, year ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from markets import calendar
from markets.calendar import DEMO, XNYS, NoSessions
from markets.models import MarketSession
from tests.markets.conftest import NOW

at = datetime.fromisoformat


@pytest.fixture
def filled(db):
    calendar.ensure_exchanges()
    span = (date(2026, 1, 1), date(2027, 1, 31))
    MarketSession.objects.bulk_create([*calendar.new_york_sessions(*span), *calendar.demo_sessions(*span)])


def hours(code, day):
    session = MarketSession.objects.get(exchange_id=code, date=date.fromisoformat(day))
    return session.opens_at, session.closes_at, session.early_close


def test_filling_twice_changes_nothing(db):
    first = calendar.fill_calendar(NOW)
    rows = list(MarketSession.objects.order_by("pk").values_list("exchange", "date", "opens_at", "closes_at"))
    assert calendar.fill_calendar(NOW) == first
    assert list(MarketSession.objects.order_by("pk").values_list("exchange", "date", "opens_at", "closes_at")) == rows
    dates = [row[1] for row in rows if row[0] == XNYS]
    assert (min(dates), max(dates)) == (date(2024, 1, 2), date(2028, 12, 29))


def test_a_session_to_come_that_was_called_off_disappears(filled):
    for day in (date(2026, 11, 28), date(2026, 11, 14)):  # Saturdays: one to come, one past
        opens = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
        MarketSession.objects.create(exchange_id=XNYS, date=day, opens_at=opens, closes_at=opens + timedelta(hours=1))
    calendar.fill_calendar(NOW)
    assert not MarketSession.objects.filter(exchange_id=XNYS, date=date(2026, 11, 28)).exists()
    assert MarketSession.objects.filter(exchange_id=XNYS, date=date(2026, 11, 14)).exists()  # history stays


def test_half_days(filled):
    assert hours(XNYS, "2026-11-27") == (at("2026-11-27T14:30Z"), at("2026-11-27T18:00Z"), True)
    assert hours(XNYS, "2026-12-24") == (at("2026-12-24T14:30Z"), at("2026-12-24T18:00Z"), True)
    assert hours(XNYS, "2026-11-25")[1:] == (at("2026-11-25T21:00Z"), False)


@pytest.mark.parametrize("day", ["2026-11-26", "2026-12-25", "2027-01-01", "2026-07-03", "2026-11-22"])
def test_holidays_and_weekends_have_no_session(filled, day):
    assert not MarketSession.objects.filter(exchange_id=XNYS, date=date.fromisoformat(day)).exists()


def test_new_york_keeps_its_wall_clock_when_the_clocks_change(filled):
    assert hours(XNYS, "2026-03-06")[0] == at("2026-03-06T14:30Z")
    assert hours(XNYS, "2026-03-09")[0] == at("2026-03-09T13:30Z")
    assert hours(XNYS, "2026-10-30")[1] == at("2026-10-30T20:00Z")
    assert hours(XNYS, "2026-11-02")[1] == at("2026-11-02T21:00Z")


def test_demo_days_have_23_24_or_25_hours(filled):
    lengths = {day: hours(DEMO, day)[1] - hours(DEMO, day)[0] for day in ("2026-03-08", "2026-07-04", "2026-11-01")}
    assert [length / timedelta(hours=1) for length in lengths.values()] == [23, 24, 25]
    assert hours(DEMO, "2026-11-01")[0] == at("2026-11-01T04:00Z")


def test_demo_days_follow_each_other_without_a_gap(filled):
    sessions = calendar.sessions_between(DEMO, date(2026, 1, 1), date(2026, 12, 31))
    assert len(sessions) == 365
    assert all(a.closes_at == b.opens_at for a, b in pairwise(sessions))


def test_the_open_belongs_to_the_session_and_the_close_does_not(filled):
    opens, closes, _ = hours(XNYS, "2026-11-27")
    tick = timedelta(microseconds=1)
    assert [calendar.is_open(XNYS, t) for t in (opens - tick, opens, closes - tick, closes)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert calendar.session_at(XNYS, opens).date == date(2026, 11, 27)


def test_before_and_after(filled):
    saturday = at("2026-11-28T12:00Z")
    assert calendar.next_session(XNYS, saturday).date == date(2026, 11, 30)
    assert calendar.previous_session(XNYS, saturday).date == date(2026, 11, 27)
    monday_open = at("2026-11-30T14:30Z")
    assert calendar.next_session(XNYS, monday_open).date == date(2026, 12, 1)
    assert calendar.previous_session(XNYS, monday_open).date == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20T20:59:59Z", "2026-11-20"),  # in the session
        ("2026-11-20T21:00:00Z", "2026-11-23"),  # Friday's close: Monday's
        ("2026-11-26T15:00:00Z", "2026-11-27"),  # Thanksgiving
        ("2026-11-27T18:00:00Z", "2026-11-30"),  # half-day's close
        ("2026-12-31T21:00:00Z", "2027-01-04"),  # year end
    ],
)
def test_trading_date_is_that_of_the_present_or_next_session(filled, now, expected):
    assert calendar.trading_date(XNYS, at(now)) == date.fromisoformat(expected)


def test_trading_date_of_the_demo_market_turns_at_new_york_midnight(filled):
    assert calendar.trading_date(DEMO, at("2026-11-22T04:59:59Z")) == date(2026, 11, 21)
    assert calendar.trading_date(DEMO, at("2026-11-22T05:00:00Z")) == date(2026, 11, 22)


def test_extended_hours(filled):
    answers = {
        "2026-11-20T08:59Z": False, "2026-11-20T09:00Z": True, "2026-11-20T15:00Z": False,
        "2026-11-21T00:59Z": True, "2026-11-21T01:00Z": False,
        "2026-11-27T21:59Z": True, "2026-11-27T22:00Z": False,  # a half-day's evening ends at 17:00
    }  # fmt: skip
    assert {time: calendar.is_extended(XNYS, at(time)) for time in answers} == answers
    assert not calendar.is_extended(DEMO, at("2026-11-20T09:00Z"))


def test_an_empty_or_finished_calendar_says_so(db):
    assert calendar.session_at(XNYS, NOW) is None
    with pytest.raises(NoSessions, match="fill_calendar"):
        calendar.trading_date(XNYS, NOW)


def test_look_ups_cost_one_query_for_many(filled, django_assert_num_queries):
    with django_assert_num_queries(1):
        for minute in range(100):
            calendar.is_open(XNYS, NOW + timedelta(minutes=minute))


def test_an_empty_calendar_is_not_remembered(db):
    assert not calendar.is_open(DEMO, NOW)
    calendar.ensure_exchanges()
    MarketSession.objects.bulk_create(calendar.demo_sessions(date(2026, 11, 20), date(2026, 11, 21)))
    assert calendar.is_open(DEMO, NOW)
