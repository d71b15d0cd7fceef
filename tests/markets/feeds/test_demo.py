"""The demo feed, poll by poll."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from markets.demo import move_price, seed_demo_market
from markets.demo_catalogue import CATALOGUE
from markets.feeds.demo import DemoFeed
from markets.models import Bar, Quote
from markets.quoting import record_ticks
from markets.types import flaw

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # in New York
S = timedelta(seconds=1)
NOBODY = frozenset[str]()


@pytest.fixture
def seeded(db):
    seed_demo_market(now=NOW, seed=7, count=30)


def feed(seed=7, now=NOW, **changes):
    made = DemoFeed(**{"seed": seed, "speed": 1.0, "volatility": 1.0, "seconds": 1.0, **changes})
    made.start(now=now)
    return made


def poll(source, now):
    return {tick.symbol: tick for tick in source.poll(now=now)}


def test_every_instrument_ticks_and_every_tick_is_usable(seeded):
    source = feed()
    for second in range(20):
        ticks = source.poll(now=NOW + second * S)
        assert {tick.symbol for tick in ticks} == {entry.symbol for entry in CATALOGUE}
        assert all(flaw(tick, now=NOW + second * S) is None for tick in ticks)


def test_the_same_seed_gives_the_same_ticks(seeded):
    one, two = feed(), feed()
    assert [one.poll(now=NOW + n * S) for n in range(5)] == [two.poll(now=NOW + n * S) for n in range(5)]
    assert feed(seed=8).poll(now=NOW) != feed().poll(now=NOW)


def test_ticks_carry_the_session(seeded):
    source = feed()
    first, second = poll(source, NOW)["AAPL"], poll(source, NOW + S)["AAPL"]
    assert first.prev_close == Decimal("430.47")
    assert first.session_date == date(2026, 11, 22)
    assert second.session_open == first.session_open
    assert second.volume == first.volume + second.size
    assert first.volume > 1_000_000  # an ordinary day has traded that much by 3 pm
    assert Decimal("0.0002") <= (first.ask - first.bid) / first.price <= Decimal("0.0005")


def test_polling_needs_no_database(seeded, django_assert_num_queries):
    source = feed()
    with django_assert_num_queries(0):
        source.poll(now=NOW)
        source.poll(now=MIDNIGHT)


def test_a_requested_price_is_taken_exactly_and_held(seeded):
    source = feed()
    move_price(symbol="AAPL", price=Decimal("399.99"), hold_seconds=5, now=NOW)
    source.refresh(symbols=NOBODY, now=NOW)
    assert [poll(source, NOW + n * S)["AAPL"].price for n in range(4)] == [Decimal("399.99")] * 4
    source.refresh(symbols=NOBODY, now=NOW + 6 * S)
    after = poll(source, NOW + 6 * S)["AAPL"].price
    assert after != Decimal("399.99")
    assert abs(after - 400) < 4  # goes on from there


def test_the_day_rolls_at_new_york_midnight(seeded):
    source = feed(now=MIDNIGHT - S)
    last = poll(source, MIDNIGHT - S)["AAPL"]
    first = poll(source, MIDNIGHT)["AAPL"]
    assert first.session_date == date(2026, 11, 23)
    assert first.prev_close == last.price
    assert first.session_open == first.price
    assert first.volume == first.size
    assert abs(first.price / last.price - 1) < Decimal("0.01")  # no jump
    source.refresh(symbols=NOBODY, now=MIDNIGHT)
    assert Bar.objects.get(instrument_id="AAPL", timeframe="1d", at__gte="2026-11-22T00:00:00Z")


def test_a_restart_continues_at_the_standing_quote(seeded):
    source = feed()
    for second in range(30):
        record_ticks(ticks=source.poll(now=NOW + second * S), now=NOW + second * S)
    standing = Quote.objects.get(pk="AAPL")
    later = NOW + timedelta(hours=2)
    again = poll(feed(now=later), later)["AAPL"]
    assert abs(again.price / standing.last - 1) < Decimal("0.005")
    assert (again.session_open, again.prev_close) == (standing.session_open, standing.prev_close)
    assert again.volume > standing.volume


def test_a_restart_days_later_starts_at_the_last_close(seeded):
    later = NOW + timedelta(days=4)
    source = feed(now=later)
    close = Bar.objects.filter(instrument_id="AAPL", timeframe="1d").latest("at")
    assert close.at.date() == date(2026, 11, 25)
    first = poll(source, later)["AAPL"]
    assert first.prev_close == close.close
    assert abs(first.price / close.close - 1) < Decimal("0.01")


def test_a_restart_just_after_midnight_continues_yesterdays_price(seeded, tick):
    record_ticks(
        ticks=[tick("300", at=MIDNIGHT - 60 * S, session_date=date(2026, 11, 22), source="demo")], now=MIDNIGHT - 60 * S
    )
    first = poll(feed(now=MIDNIGHT + 60 * S), MIDNIGHT + 60 * S)["AAPL"]
    assert abs(first.price / 300 - 1) < Decimal("0.01")


def test_missed_minutes_of_today_are_filled_from_the_last_known_price(seeded):
    source = feed()
    rows = list(source.missed_bars(now=NOW + 30 * S))
    mine = [row for row in rows if row.symbol == "AAPL"]
    assert len(mine) == 15 * 60  # midnight to 15:00 in New York
    assert mine[0].at == datetime(2026, 11, 22, 5, tzinfo=UTC)
    assert mine[-1].at == NOW - timedelta(minutes=1)
    assert mine[0].open == Decimal("430.47")


def test_only_the_hole_is_filled(seeded):
    from markets.bars import keep_bars

    source = feed()
    keep_bars([row for row in source.missed_bars(now=NOW) if row.at < NOW - timedelta(minutes=5)])
    again = [row for row in source.missed_bars(now=NOW) if row.symbol == "AAPL"]
    assert [row.at for row in again] == [NOW - timedelta(minutes=n) for n in (5, 4, 3, 2, 1)]
    before = Bar.objects.get(instrument_id="AAPL", timeframe="1m", at=NOW - timedelta(minutes=6))
    assert again[0].open == before.close


def test_without_a_demo_market_the_feed_idles(db):
    source = feed()
    assert source.poll(now=NOW) == []
    assert list(source.missed_bars(now=NOW)) == []
