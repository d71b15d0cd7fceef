"""Ticks become standing quotes, and the range covers what the engine has not seen: no more, no less."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from markets.models import Quote
from markets.observables import USABLE_FOR
from markets.quoting import fresh_quote, record_ticks
from tests.markets.conftest import NOW, TODAY

CLAIM = "UPDATE markets_quote SET dirty = false, low = last, high = last WHERE dirty"
S = timedelta(seconds=1)


@pytest.fixture
def nudges(monkeypatch):
    """What would have been published. Celery is the boundary; our code runs unchanged."""
    sent = []
    monkeypatch.setattr("celery.Celery.send_task", lambda self, name, **options: sent.append((name, options["queue"])))
    return sent


def claim():
    with connection.cursor() as cursor:
        cursor.execute(CLAIM)


def quote():
    return Quote.objects.get(pk="AAPL")


def test_the_first_tick_makes_the_quote(stocks, tick):
    result = record_ticks(
        ticks=[tick("100.25", bid=Decimal("100.2"), ask=Decimal("100.3"), volume=Decimal(7), prev_close=Decimal(99))],
        now=NOW,
    )
    made = quote()
    assert (result.recorded, result.unusable) == (1, {})
    assert (made.last, made.bid, made.ask, made.low, made.high) == (
        Decimal("100.25"), Decimal("100.2"), Decimal("100.3"), Decimal("100.25"), Decimal("100.25"),
    )  # fmt: skip
    assert (made.volume, made.prev_close, made.session_date) == (7, 99, TODAY)
    assert made.dirty
    assert made.range_since == NOW


def test_a_batch_keeps_its_extremes_and_its_last(stocks, tick):
    record_ticks(ticks=[tick(p, at=NOW + n * S) for n, p in enumerate(("100", "104", "97", "101"))], now=NOW + 3 * S)
    assert (quote().low, quote().high, quote().last) == (97, 104, 101)


def test_an_unseen_range_grows_and_keeps_its_beginning(stocks, tick):
    record_ticks(ticks=[tick("100")], now=NOW)
    record_ticks(ticks=[tick("103", at=NOW + S)], now=NOW + S)
    record_ticks(ticks=[tick("98", at=NOW + 2 * S)], now=NOW + 2 * S)
    assert (quote().low, quote().high, quote().last, quote().range_since) == (98, 103, 98, NOW)


def test_a_range_too_old_to_act_on_is_not_joined_to_a_fresh_tick(stocks, tick):
    record_ticks(ticks=[tick("50"), tick("150"), tick("100")], now=NOW)
    for late, joined in ((119 * S, True), (119 * S + 120 * S, False)):
        record_ticks(ticks=[tick("100", at=NOW + late)], now=NOW + late)
        assert (quote().low, quote().high) == ((50, 150) if joined else (100, 100))
    assert quote().range_since == NOW + 239 * S


def test_after_a_claim_a_new_range_starts_with_the_new_batch(stocks, tick):
    record_ticks(ticks=[tick("90"), tick("110", at=NOW + S)], now=NOW + S)
    claim()
    record_ticks(ticks=[tick("105", at=NOW + 2 * S), tick("106", at=NOW + 2 * S)], now=NOW + 2 * S)
    assert (quote().low, quote().high, quote().range_since) == (105, 106, NOW + 2 * S)
    assert quote().dirty


def test_a_range_nobody_judged_in_time_is_given_up(stocks, tick):
    """Joined to a fresh tick, an extreme of minutes ago would look fresh and cause a late trade."""
    record_ticks(ticks=[tick("50"), tick("100")], now=NOW)
    later = NOW + USABLE_FOR
    record_ticks(ticks=[tick("101", at=later)], now=later)
    assert (quote().low, quote().high, quote().range_since) == (101, 101, later)


def test_a_late_tick_begins_its_range_when_it_happened(stocks, tick):
    """It waited for the database; a rule armed meanwhile must not be fired by an extreme from before."""
    record_ticks(ticks=[tick("90", at=NOW - 60 * S), tick("100", at=NOW)], now=NOW)
    assert quote().range_since == NOW - 60 * S


def test_a_repeated_tick_changes_nothing(stocks, tick):
    record_ticks(ticks=[tick("100"), tick("100")], now=NOW)
    before = Quote.objects.values().get()
    record_ticks(ticks=[tick("100")], now=NOW)
    assert Quote.objects.values().get() == before


def test_out_of_order_ticks_are_refused_even_inside_a_batch(stocks, tick):
    record_ticks(ticks=[tick("100", at=NOW)], now=NOW)
    claim()
    result = record_ticks(
        ticks=[tick("50", at=NOW - S), tick("101", at=NOW + 2 * S), tick("200", at=NOW + S)], now=NOW + 2 * S
    )
    assert result.recorded == 1
    assert result.unusable == {"out_of_order": 2}
    assert (quote().low, quote().high, quote().last) == (101, 101, 101)


def test_unusable_ticks_are_counted_and_never_written(stocks, tick):
    result = record_ticks(
        ticks=[
            tick("NaN"),
            tick("-1"),
            tick("101", session="extended"),
            tick("1", symbol="NOPE"),
            tick("100"),
        ],
        now=NOW,
    )
    assert result.recorded == 1
    assert result.unusable == {
        "not_a_number": 1, "price_out_of_range": 1, "extended_hours": 1, "unknown_symbol": 1,
    }  # fmt: skip
    assert Quote.objects.count() == 1
    assert (quote().low, quote().high) == (100, 100)


def test_extended_hours_do_not_touch_the_row(stocks, tick):
    record_ticks(ticks=[tick("100")], now=NOW)
    before = Quote.objects.values().get()
    record_ticks(ticks=[tick("120", session="extended", at=NOW + S)], now=NOW + S)
    assert Quote.objects.values().get() == before


def test_a_new_session_replaces_what_belongs_to_the_old_one(stocks, tick):
    record_ticks(ticks=[tick("100", volume=Decimal(900), session_open=Decimal(95), prev_close=Decimal(94))], now=NOW)
    later = NOW + timedelta(days=3)
    monday = date(2026, 11, 23)
    record_ticks(
        ticks=[tick("102", at=later, session_date=monday, volume=Decimal(5), session_open=Decimal(102),
                    prev_close=Decimal(100))],
        now=later,
    )  # fmt: skip
    made = quote()
    assert (made.session_date, made.volume, made.session_open, made.prev_close) == (monday, 5, 102, 100)


def test_a_silent_tick_keeps_what_the_session_has(stocks, tick):
    record_ticks(ticks=[tick("100", volume=Decimal(900), prev_close=Decimal(94))], now=NOW)
    record_ticks(ticks=[tick("101", at=NOW + S, session_date=None)], now=NOW + S)
    assert (quote().volume, quote().prev_close, quote().session_date) == (900, 94, TODAY)


def test_one_nudge_per_batch_and_none_for_nothing(stocks, tick, nudges, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        record_ticks(ticks=[tick("100"), tick("101"), tick("5", symbol="SPY")], now=NOW)
    assert nudges == [("automation.evaluate_quotes", "ticks")]
    with django_capture_on_commit_callbacks(execute=True):
        record_ticks(ticks=[tick("NaN"), tick("1", symbol="NOPE"), tick("3", at=NOW - S)], now=NOW)
        record_ticks(ticks=[], now=NOW)
    assert len(nudges) == 1


def test_the_number_of_statements_does_not_grow_with_the_batch(stocks, tick, django_assert_num_queries):
    with django_assert_num_queries(2):
        record_ticks(ticks=[tick(str(n), symbol=s) for n in range(1, 200) for s in ("AAPL", "SPY")], now=NOW)


def test_a_symbol_that_needs_quoting_is_only_unknown(stocks, tick):
    assert record_ticks(ticks=[tick(symbol='A,"}\\')], now=NOW).unusable == {"unknown_symbol": 1}


def test_fresh_quote(stocks, tick):
    record_ticks(ticks=[tick("100")], now=NOW)
    age = timedelta(seconds=30)
    assert fresh_quote("AAPL", now=NOW + age, max_age=age).last == 100
    assert fresh_quote("AAPL", now=NOW + age + S, max_age=age) is None
    assert fresh_quote("SPY", now=NOW, max_age=age) is None


@pytest.mark.django_db(transaction=True)
def test_ticks_that_arrive_during_a_claim_start_the_next_range(stocks, tick):
    """The engine holds the row; the feed waits; what it writes then is unseen and contains nothing judged."""
    record_ticks(ticks=[tick("90"), tick("100", at=NOW + S)], now=NOW + S)
    claimed, done = threading.Event(), threading.Event()

    def feed():
        claimed.wait(5)
        record_ticks(ticks=[tick("103", at=NOW + 2 * S)], now=NOW + 2 * S)
        done.set()
        connection.close()

    thread = threading.Thread(target=feed)
    thread.start()
    with transaction.atomic():
        claim()
        claimed.set()
        assert not done.wait(0.3)  # blocked by the row lock
    thread.join(5)
    made = quote()
    assert (made.low, made.high, made.last, made.dirty, made.range_since) == (103, 103, 103, True, NOW + 2 * S)
