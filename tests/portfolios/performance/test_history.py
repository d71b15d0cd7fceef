"""From points and bookings to daily growths."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.models import User
from markets.models import Exchange, Instrument, MarketSession
from portfolios.ledger import book_fills, deposit, open_position
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio
from portfolios.performance.history import daily_of
from tests.portfolios.conftest import NOW, D, set_price
from tests.portfolios.performance.making import at, point
from tests.portfolios.test_ledger import fill

FRIDAY = date(2026, 11, 13)
MONDAY = date(2026, 11, 16)


@pytest.fixture
def opened(ann: User, instruments: None) -> Portfolio:
    """The $100,000 came on a Friday morning."""
    return open_portfolio(user=ann, name="Past", cash=D(100_000), now=at(FRIDAY, 9))


def test_the_opening_deposit_is_no_gain(opened: Portfolio) -> None:
    point(opened, at(FRIDAY), 101_000)
    point(opened, at(MONDAY), 102_010)
    daily = daily_of(opened)
    assert daily.dates == (FRIDAY, MONDAY)
    assert daily.growth.tolist() == pytest.approx([1.01, 1.01])
    assert daily.flows.tolist() == [100_000, 0]


def test_the_weekend_belongs_to_friday(opened: Portfolio) -> None:
    point(opened, at(FRIDAY), 100_000)
    deposit(portfolio=opened, amount=D(500), now=at(FRIDAY + timedelta(days=1)))
    point(opened, at(FRIDAY + timedelta(days=1), 18), 100_500)
    point(opened, at(MONDAY), 100_500)
    daily = daily_of(opened)
    assert daily.dates == (FRIDAY, MONDAY)
    assert (daily.growth.tolist(), daily.flows.tolist()) == ([1, 1], [100_500, 0])


def test_a_holiday_belongs_to_the_session_before_it(opened: Portfolio) -> None:
    exchange = Exchange.objects.get(code="XNYS")
    for day in (FRIDAY, date(2026, 11, 17)):  # as if Monday were a holiday
        MarketSession.objects.create(exchange=exchange, date=day, opens_at=at(day, 9), closes_at=at(day))
    for day in (FRIDAY, MONDAY, date(2026, 11, 17)):
        point(opened, at(day), 100_000)
    assert daily_of(opened).dates == (FRIDAY, date(2026, 11, 17))


def test_an_exchange_that_never_closes_has_a_session_every_day(opened: Portfolio) -> None:
    demo = Exchange.objects.create(code="DEMO", name="Demo", always_open=True)
    Instrument.objects.create(symbol="DEMO1", name="Demo", exchange=demo)
    book_fills(portfolio=opened, fills=[fill("1", symbol="DEMO1", at=at(FRIDAY))], now=at(FRIDAY))
    for number in range(3):
        point(opened, at(FRIDAY + timedelta(days=number)), 100_000)
    assert len(daily_of(opened)) == 3


def test_the_point_before_a_deposit_makes_its_day_exact(opened: Portfolio) -> None:
    point(opened, at(FRIDAY), 100_000)
    point(opened, at(MONDAY, 11), 110_000)
    deposit(portfolio=opened, amount=D(1_000_000), now=at(MONDAY, 12))
    point(opened, at(MONDAY), 1_110_000)
    assert daily_of(opened).growth.tolist() == pytest.approx([1.0, 1.1])


def test_shares_brought_in_count_at_their_market_price(opened: Portfolio) -> None:
    point(opened, at(FRIDAY), 100_000)
    set_price("AAPL", "120")
    open_position(portfolio=opened, symbol="AAPL", quantity=D(10), price=D(3), at=NOW, now=at(MONDAY, 12))
    point(opened, at(MONDAY), 101_200)
    daily = daily_of(opened)
    assert (daily.growth.tolist(), daily.flows.tolist()) == ([1, 1], [100_000, 1200])


def test_a_record_that_begins_late_begins_there(opened: Portfolio) -> None:
    point(opened, at(date(2026, 11, 18)), 150_000)
    point(opened, at(date(2026, 11, 19)), 165_000)
    daily = daily_of(opened)
    assert (daily.growth.tolist(), daily.flows.tolist()) == (pytest.approx([1.0, 1.1]), [0, 0])


def test_an_old_points_minute_holds_the_opening_deposit(ann: User, instruments: None) -> None:
    old = open_portfolio(user=ann, name="Old", cash=D(100_000), now=at(FRIDAY) + timedelta(seconds=30))
    point(old, at(FRIDAY), 100_000)
    point(old, at(MONDAY), 110_000)
    assert daily_of(old).growth.tolist() == pytest.approx([1.0, 1.1])


def test_nothing_recorded_is_empty(portfolio: Portfolio) -> None:
    assert len(daily_of(portfolio)) == 0
