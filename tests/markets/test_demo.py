from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command

from common.errors import Conflict, InvalidInput, NotFound
from markets import instruments
from markets.bars import keep_bars
from markets.calendar import is_open
from markets.demo import extend_demo_bars, move_price, seed_demo_market, take_overrides
from markets.demo_catalogue import CATALOGUE
from markets.models import Bar, DemoPriceOverride, Exchange, Instrument, Quote
from markets.selectors import daily_closes
from markets.types import BarRow

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)  # a Sunday
S = timedelta(seconds=1)


@pytest.fixture
def seeded(db):
    return seed_demo_market(now=NOW, seed=7, count=30)


def daily(symbol):
    return Bar.objects.filter(instrument_id=symbol, timeframe="1d").order_by("at")


def test_seeding_makes_a_market(seeded):
    assert seeded == {"instruments": len(CATALOGUE), "bars": 30 * len(CATALOGUE), "quotes": len(CATALOGUE)}
    aapl, spy = Instrument.objects.get(pk="AAPL"), Instrument.objects.get(pk="SPY")
    assert aapl.demo
    assert aapl.exchange_id == "DEMO"
    assert "real daily bars" in aapl.data_label
    assert spy.data_label == "simulated"
    assert set(Exchange.objects.values_list("pk", flat=True)) == {"DEMO", "XNYS"}
    assert is_open("DEMO", NOW)
    assert not is_open("XNYS", NOW)
    assert daily("AAPL").last().at == datetime(2026, 11, 21, tzinfo=UTC)  # yesterday, though a Saturday
    quote = Quote.objects.get(pk="AAPL")
    assert quote.last == quote.prev_close == daily("AAPL").last().close == Decimal("430.47")
    assert quote.session_date == date(2026, 11, 22)


def test_seeding_again_adds_nothing(seeded):
    assert seed_demo_market(now=NOW + timedelta(hours=1), seed=7) == {"instruments": 0, "bars": 0, "quotes": 0}


def test_seeding_days_later_only_adds_the_days_between(seeded):
    before = list(daily("AAPL").values_list("at", "close"))
    added = seed_demo_market(now=NOW + timedelta(days=3), seed=7)
    assert added == {"instruments": 0, "bars": 3 * len(CATALOGUE), "quotes": 0}
    assert list(daily("AAPL").values_list("at", "close"))[:30] == before
    assert [bar.at.day for bar in daily("AAPL")][-3:] == [22, 23, 24]
    closes = daily_closes("AAPL", 4)
    assert all(abs(later / earlier - 1) < Decimal("0.2") for earlier, later in pairwise(closes))


def test_a_watched_day_is_made_of_its_minutes(seeded):
    minute = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
    keep_bars(
        [
            BarRow(symbol="AAPL", timeframe="1m", at=minute, open=Decimal(430), high=Decimal(433), low=Decimal(429),
                   close=Decimal(432), volume=Decimal(9), source="demo")
        ]
    )  # fmt: skip
    assert extend_demo_bars(now=NOW + timedelta(days=2), seed=7) == 2 * len(CATALOGUE)
    watched, simulated = daily("AAPL").reverse()[1], daily("AAPL").last()
    assert (watched.at.day, watched.open, watched.high, watched.low, watched.close) == (22, 430, 433, 429, 432)
    assert abs(simulated.close / 432 - 1) < Decimal("0.2")  # goes on from there


def test_the_roll_happens_at_new_york_midnight(seeded):
    assert extend_demo_bars(now=datetime(2026, 11, 23, 4, 59, 59, tzinfo=UTC), seed=7) == 0
    assert extend_demo_bars(now=datetime(2026, 11, 23, 5, 0, tzinfo=UTC), seed=7) == len(CATALOGUE)


def test_people_find_the_instruments(seeded):
    asked = ("facebook", "FB", "Google", "apple", "tesla", "gold", "International Business Machines", "ibm", "nothing")
    found = [instruments.named(text) for text in asked]
    assert [entry.symbol if entry else None for entry in found] == [
        "META", "META", "GOOG", "AAPL", "TSLA", "GLD", "IBM", "IBM", None,
    ]  # fmt: skip
    assert [entry.symbol for entry in instruments.search("am")][:1] == ["AMZN"]
    assert instruments.search("").count() == len(CATALOGUE)


def test_moving_a_price(seeded):
    move_price(symbol="aapl", price=Decimal("400"), hold_seconds=10, now=NOW)
    assert take_overrides(symbols=["AAPL"], now=NOW + S) == {"AAPL": 400}
    assert take_overrides(symbols=["AAPL"], now=NOW + 10 * S) == {"AAPL": 400}  # ten seconds since it was taken
    assert take_overrides(symbols=["AAPL"], now=NOW + 11 * S) == {}
    assert not DemoPriceOverride.objects.exists()


def test_a_move_without_hold_is_still_seen_once(seeded):
    move_price(symbol="AAPL", price=Decimal("400"), hold_seconds=0, now=NOW)
    assert take_overrides(symbols=["AAPL"], now=NOW + S) == {"AAPL": 400}
    assert take_overrides(symbols=["AAPL"], now=NOW + 2 * S) == {}


def test_a_newer_move_replaces_the_older(seeded):
    move_price(symbol="AAPL", price=Decimal("400"), hold_seconds=60, now=NOW)
    take_overrides(symbols=["AAPL"], now=NOW)
    move_price(symbol="AAPL", price=Decimal("500"), hold_seconds=60, now=NOW + S)
    assert take_overrides(symbols=["AAPL"], now=NOW + 2 * S) == {"AAPL": 500}


def test_a_move_nobody_took_is_forgotten(seeded):
    move_price(symbol="AAPL", price=Decimal("400"), hold_seconds=3600, now=NOW)
    assert take_overrides(symbols=["AAPL"], now=NOW + timedelta(minutes=3)) == {}
    assert not DemoPriceOverride.objects.exists()


@pytest.mark.parametrize(
    ("price", "hold", "field"),
    [("0", 1, "price"), ("-5", 1, "price"), ("NaN", 1, "price"), ("1.00001", 1, "price"), ("1e9", 1, "price"),
     ("5", -1, "hold"), ("5", 3601, "hold")],
)  # fmt: skip
def test_bad_moves_are_refused(seeded, price, hold, field):
    with pytest.raises(InvalidInput) as caught:
        move_price(symbol="AAPL", price=Decimal(price), hold_seconds=hold, now=NOW)
    assert list(caught.value.errors) == [field]


def test_real_and_unknown_instruments_cannot_be_moved(seeded):
    Instrument.objects.create(symbol="REAL", name="Real", exchange_id="XNYS")
    with pytest.raises(Conflict, match="real prices"):
        move_price(symbol="REAL", price=Decimal(1), hold_seconds=1, now=NOW)
    with pytest.raises(NotFound):
        move_price(symbol="NOPE", price=Decimal(1), hold_seconds=1, now=NOW)


def test_the_command(seeded, capsys):
    call_command("demo_price", "msft", "30.5", "--hold", "5", "--json")
    assert json.loads(capsys.readouterr().out) == {"symbol": "MSFT", "price": "30.5", "hold_seconds": 5}
    assert DemoPriceOverride.objects.get().price == Decimal("30.5")
    for arguments in (("MSFT", "cheap"), ("NOPE", "1"), ("MSFT", "-1")):
        with pytest.raises(CommandError):
            call_command("demo_price", *arguments)
