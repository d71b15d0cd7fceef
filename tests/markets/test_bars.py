from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from markets.bars import MinuteBuilder, close_day, keep_bars, merge_bars, prune_minute_bars, replace_bars
from markets.models import Bar, MarketSession
from markets.types import BarRow
from tests.markets.conftest import NOW, TODAY

D = Decimal
MINUTE = timedelta(minutes=1)


def row(at=NOW, o="10", h="12", low="9", c="11", **changes):
    values = {"symbol": "AAPL", "timeframe": "1m", "volume": D(5), "source": "test", **changes}
    return BarRow(at=at, open=D(o), high=D(h), low=D(low), close=D(c), **values)


def stored():
    return [(b.at, b.open, b.high, b.low, b.close, b.volume) for b in Bar.objects.order_by("at")]


def test_keep_replace_and_merge(stocks):
    assert keep_bars([row()]) == 1
    assert keep_bars([row(c="10")]) == 0
    assert stored() == [(NOW, 10, 12, 9, 11, 5)]
    merge_bars([row(o="11", h="13", low="10", c="12", volume=D(2))])
    assert stored() == [(NOW, 10, 13, 9, 12, 7)]
    replace_bars([row(o="1", h="1", low="1", c="1", volume=D(0))])
    assert stored() == [(NOW, 1, 1, 1, 1, 0)]


def test_builder_makes_minutes_of_ticks(stocks, tick):
    builder = MinuteBuilder()
    prices = [("100", 0, 10), ("102", 20, 30), ("99", 59, 35), ("101", 60, 50)]
    for price, second, volume in prices:
        builder.add(tick(price, at=NOW + timedelta(seconds=second), volume=D(volume), size=D(1)))
    assert builder.flush() == 2
    # The first tick's cumulative volume was traded before we listened: only its own size counts.
    assert stored() == [(NOW, 100, 102, 99, 99, 26), (NOW + MINUTE, 101, 101, 101, 101, 15)]
    assert builder.flush() == 0


def test_flushing_in_pieces_gives_the_same_bar(stocks, tick):
    builder = MinuteBuilder()
    for price, second in (("100", 0), ("104", 10), ("97", 20), ("101", 30)):
        builder.add(tick(price, at=NOW + timedelta(seconds=second), size=D(2)))
        builder.flush()
    assert stored() == [(NOW, 100, 104, 97, 101, 8)]


def test_volume_starts_anew_with_the_session(stocks, tick):
    builder = MinuteBuilder()
    builder.add(tick("100", volume=D(1000), size=D(1)))
    builder.add(tick("100", at=NOW + MINUTE, volume=D(30), session_date=date(2026, 11, 23)))
    builder.flush()
    assert [bar[-1] for bar in stored()] == [1, 30]


def test_close_day_summarises_the_session_and_nothing_else(stocks):
    session = MarketSession.objects.create(
        exchange_id="DEMO", date=TODAY, opens_at=datetime(2026, 11, 20, 5, tzinfo=UTC),
        closes_at=datetime(2026, 11, 21, 5, tzinfo=UTC),
    )  # fmt: skip
    keep_bars(
        [
            row(session.opens_at - MINUTE, h="99", low="1"),
            row(session.opens_at, o="20", h="22", low="19", c="21"),
            row(session.closes_at - MINUTE, o="21", h="25", low="18", c="24"),
            row(session.closes_at, h="99", low="1"),
        ]
    )
    assert close_day(session, ["AAPL", "SPY"]) == 1
    assert close_day(session, ["AAPL", "SPY"]) == 0
    day = Bar.objects.get(timeframe="1d")
    assert (day.at, day.open, day.high, day.low, day.close, day.volume) == (
        datetime(2026, 11, 20, tzinfo=UTC), 20, 25, 18, 24, 10,
    )  # fmt: skip


def test_prune_keeps_recent_minutes_and_every_day(stocks):
    old = NOW - timedelta(days=46)
    keep_bars([row(old), row(NOW), row(old, timeframe="1d")])
    assert prune_minute_bars(now=NOW) == 1
    assert Bar.objects.count() == 2


def test_imported_minutes_are_kept_for_good(stocks):
    old = NOW - timedelta(days=400)
    keep_bars([row(old, source="csv"), row(old + timedelta(minutes=1), source="csv:stooq")])
    assert prune_minute_bars(now=NOW) == 0
