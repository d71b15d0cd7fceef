"""The feed process, step by step, against a scripted source: leadership, outages, gaps."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from django.db import connection

from common.heartbeats import age
from markets.feeds.leading import SPACE, Leadership
from markets.feeds.running import STILL_COUNTS, Runner
from markets.models import Bar, Quote
from markets.types import BarRow, Tick
from tests.markets.conftest import NOW

S = timedelta(seconds=1)


class Script:
    """A source whose ticks the test writes down."""

    source = "script"
    seconds = 1.0

    def __init__(self) -> None:
        self.coming: list[Tick] = []
        self.gap: list[BarRow] = []
        self.starts = 0
        self.heard: list[frozenset[str]] = []
        self.bars_at_start = -1

    def start(self, *, now: datetime) -> None:
        self.starts += 1

    def refresh(self, *, symbols: frozenset[str], now: datetime) -> None:
        self.heard.append(symbols)

    def poll(self, *, now: datetime) -> list[Tick]:
        ticks, self.coming = self.coming, []
        return ticks

    def missed_bars(self, *, now: datetime) -> list[BarRow]:
        return self.gap

    def stop(self) -> None:
        pass

    def says(self, price: str, at: datetime) -> None:
        self.coming.append(
            Tick(symbol="AAPL", price=Decimal(price), at=at, source="script", session_date=date(2026, 11, 20),
                 size=Decimal(1))
        )  # fmt: skip


@pytest.fixture
def source() -> Script:
    return Script()


@pytest.fixture
def runner(transactional_db, stocks, source) -> Iterator[Runner]:
    made = Runner(source)
    yield made
    made.stop()


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """Another process's connection."""
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    with psycopg.connect(**parameters, autocommit=True) as made:
        yield made


def key(runner: Runner) -> tuple[int, int]:
    return SPACE, Leadership(runner.feed.source)._key


def cut(other: psycopg.Connection) -> None:
    """The server drops our connection, as in a restart."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_a_step_records_builds_bars_and_beats(runner, source, user):
    from markets import watchlists

    watchlists.add(user=user, symbol="SPY")
    source.says("100", NOW)
    assert runner.step(NOW)
    assert Quote.objects.get().last == 100
    assert age("feed:script", now=NOW + S) == S
    assert source.heard[0] == {"SPY"}
    assert not runner.step(NOW + S)  # nothing new
    runner.step(NOW + 3 * S)
    assert Bar.objects.get(timeframe="1m").close == 100


def test_what_is_wanted_is_asked_for_every_second(runner, source):
    for tenth in range(21):
        runner.step(NOW + tenth * S / 10)
    assert len(source.heard) == 3


def test_a_quiet_minute_end_flushes_the_bars(runner, source):
    runner.step(NOW + 58.5 * S)
    source.says("100", NOW + 59 * S)
    runner.step(NOW + 59 * S)
    assert not Bar.objects.exists()
    runner.step(NOW + 60 * S)
    assert Bar.objects.get().at == NOW


def test_the_gap_is_filled_before_live_ticks(runner, source):
    one = Decimal(1)
    source.gap = [
        BarRow(symbol="AAPL", timeframe="1m", at=NOW - 60 * S, open=one, high=one, low=one, close=one, source="script")
    ]
    source.says("100", NOW)
    runner.step(NOW)
    runner.step(NOW + 3 * S)
    assert list(Bar.objects.order_by("at").values_list("close", flat=True)) == [1, 100]
    assert (Quote.objects.get().low, Quote.objects.get().high) == (100, 100)  # the gap is no live extreme


def test_unusable_ticks_reach_neither_quote_nor_bar(runner, source):
    source.says("NaN", NOW)
    source.says("-1", NOW)
    assert not runner.step(NOW)
    runner.step(NOW + 5 * S)
    assert not Quote.objects.exists()
    assert not Bar.objects.exists()


def test_a_second_process_waits_and_takes_over(runner, source, other, caplog):
    caplog.set_level(logging.WARNING)
    other.execute("SELECT pg_advisory_lock(%s, %s)", key(runner))
    for second in range(3):
        source.says("100", NOW)
        assert not runner.step(NOW + second * S)
    assert runner.state == "standby"
    assert source.starts == 0
    assert not Quote.objects.exists()
    assert [r.message for r in caplog.records if "hot standby" in r.message] != []
    assert len([r for r in caplog.records if "hot standby" in r.message]) == 1
    other.execute("SELECT pg_advisory_unlock(%s, %s)", key(runner))
    assert runner.step(NOW + 4 * S)
    assert runner.state == "leading"


def test_stopping_hands_over_at_once(runner, source, other):
    source.says("100", NOW)
    runner.step(NOW)
    taken = "SELECT pg_try_advisory_lock(%s, %s)"
    assert other.execute(taken, key(runner)).fetchone() == (False,)
    runner.stop()
    assert other.execute(taken, key(runner)).fetchone() == (True,)


def test_a_lost_connection_costs_no_tick(runner, source, other, caplog):
    caplog.set_level(logging.WARNING)
    source.says("100", NOW)
    runner.step(NOW)
    cut(other)
    source.says("90", NOW + S)
    assert not runner.step(NOW + S)
    source.says("95", NOW + 1.1 * S)
    assert not runner.step(NOW + 1.1 * S)  # too early to try again; the tick waits
    assert runner.step(NOW + 10 * S)
    quote = Quote.objects.get()
    assert (quote.low, quote.last) == (90, 95)
    assert source.starts == 1  # the source went on, it need not start again
    said = [record.message for record in caplog.records]
    assert len([m for m in said if "the database is away" in m]) == 1
    assert len([m for m in said if "the database is back" in m]) == 1


def test_old_extremes_of_an_outage_become_bars_only(runner, source, other):
    source.says("100", NOW)
    runner.step(NOW)
    cut(other)
    source.says("50", NOW + S)  # a crash that is over when we are back
    assert not runner.step(NOW + S)
    back = NOW + S + STILL_COUNTS + S
    source.says("101", back)
    assert runner.step(back)
    quote = Quote.objects.get()
    assert (quote.low, quote.last) == (101, 101)
    runner.step(back + 5 * S)
    assert Bar.objects.get(at=NOW).low == 50


def test_repeated_failures_are_logged_once_and_wait_longer(runner, source, monkeypatch, caplog):
    caplog.set_level(logging.WARNING)
    runner.step(NOW)
    connection.close()
    tried = []
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PORT", "1")
        patch.setattr(connection, "connect", lambda real=connection.connect: (tried.append(1), real())[1])
        for tenth in range(100):
            runner.step(NOW + tenth * S / 10)
    assert len([r for r in caplog.records if "away" in r.message]) == 1
    assert 4 <= len(tried) <= 8  # 0.25, 0.5, 1, 2, 4, 5 s


def test_whoever_led_and_finds_another_leader_steps_back(runner, source, other):
    source.says("100", NOW)
    runner.step(NOW)
    cut(other)
    source.says("90", NOW + S)
    runner.step(NOW + S)
    other.execute("SELECT pg_advisory_lock(%s, %s)", key(runner))
    assert not runner.step(NOW + 10 * S)
    assert runner.state == "standby"
    assert Quote.objects.get().low == 100  # the other leader has these ticks, too
    other.execute("SELECT pg_advisory_unlock(%s, %s)", key(runner))
    runner.step(NOW + 20 * S)
    assert source.starts == 2
