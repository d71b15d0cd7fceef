"""The markets API as a client sees it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import ApiToken
from markets import calendar
from markets.bars import keep_bars
from markets.models import Instrument, MarketSession
from markets.quoting import record_ticks
from markets.types import BarRow
from tests.markets.conftest import NOW, TODAY


@pytest.fixture
def client(user):
    made = APIClient()
    made.force_authenticate(user)
    return made


@pytest.fixture
def reader(user):
    """A client with a personal token that may only read."""
    made = APIClient()
    made.force_authenticate(user, token=ApiToken(user=user, name="script", scopes=["read"]))
    return made


@pytest.fixture
def quoted(stocks, tick):
    record_ticks(
        ticks=[tick("102.5", bid=Decimal("102.4"), volume=Decimal(10), prev_close=Decimal(100)),
               tick("5", symbol="SPY")],
        now=NOW,
    )  # fmt: skip


PATHS = ["quotes/?symbols=AAPL", "bars/?symbol=AAPL", "instruments/", "calendar/", "watchlist/"]


@pytest.mark.parametrize("path", PATHS)
def test_nobody_reads_without_signing_in(stocks, path):
    assert APIClient().get(f"/api/markets/{path}").status_code == 401


def test_quotes(quoted, client, django_assert_num_queries):
    with django_assert_num_queries(2):
        answer = client.get("/api/markets/quotes/?symbols=aapl,SPY,NOPE").json()
    assert answer["count"] == 2
    aapl, spy = answer["results"]
    assert aapl == {
        "symbol": "AAPL", "name": "Apple Inc.", "last": "102.5", "bid": "102.4", "ask": None, "change": "2.5",
        "change_pct": "2.50", "volume": "10", "session_date": "2026-11-20", "session_open": None, "prev_close": "100",
        "at": "2026-11-20T15:00:00Z", "source": "test", "demo": True, "data_label": "simulated",
    }  # fmt: skip
    assert (spy["change"], spy["change_pct"]) == (None, None)


@pytest.mark.parametrize("query", ["", "?symbols=", "?symbols=,", "?symbols=" + ",".join(f"S{n}" for n in range(201))])
def test_quotes_need_one_to_two_hundred_symbols(stocks, client, query):
    answer = client.get(f"/api/markets/quotes/{query}")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["symbols"]


def test_bars(stocks, client):
    keep_bars(
        [
            BarRow(symbol="AAPL", timeframe="1d", at=NOW - timedelta(days=n), open=Decimal(10), high=Decimal(12),
                   low=Decimal("9.5"), close=Decimal(11), volume=Decimal(7), source="t")
            for n in (1, 2, 3)
        ]
    )  # fmt: skip
    answer = client.get("/api/markets/bars/?symbol=aapl&limit=2").json()
    assert (answer["symbol"], answer["timeframe"], answer["demo"], answer["data_label"]) == (
        "AAPL", "1d", True, "simulated",
    )  # fmt: skip
    assert [bar["at"] for bar in answer["results"]] == ["2026-11-18T15:00:00Z", "2026-11-19T15:00:00Z"]
    assert answer["results"][0] == {
        "at": "2026-11-18T15:00:00Z", "open": "10", "high": "12", "low": "9.5", "close": "11", "volume": "7",
    }  # fmt: skip
    span = "&start=2026-11-17T00:00:00Z&end=2026-11-18T00:00:00Z"
    assert len(client.get(f"/api/markets/bars/?symbol=AAPL{span}").json()["results"]) == 1


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("symbol=NOPE", 404, None),
        ("", 400, "symbol"),
        ("symbol=AAPL&timeframe=3m", 400, "timeframe"),
        ("symbol=AAPL&limit=0", 400, "limit"),
        ("symbol=AAPL&start=2026-11-20T00:00:00Z&end=2026-11-19T00:00:00Z", 400, "end"),
        ("symbol=AAPL&start=yesterday", 400, "start"),
    ],
)
def test_bad_questions_about_bars(stocks, client, query, status, field):
    answer = client.get(f"/api/markets/bars/?{query}")
    assert answer.status_code == status
    assert field is None or list(answer.json()["errors"]) == [field]


def test_instruments_are_found_by_symbol_name_and_nickname(stocks, client):
    Instrument.objects.create(symbol="OLD", name="Apple pie", exchange_id="DEMO", active=False)

    def found(text):
        return [row["symbol"] for row in client.get("/api/markets/instruments/", {"search": text}).json()["results"]]

    assert found("") == ["AAPL", "SPY"]
    assert found("apple") == found("AAP") == found("inc") == ["AAPL"]
    assert found("s&p 500") == ["SPY"]
    assert found("zzz") == []
    row = client.get("/api/markets/instruments/?search=spy").json()["results"][0]
    assert (row["demo"], row["data_label"], row["exchange"]) == (True, "simulated", "DEMO")


def test_calendar(stocks, client):
    MarketSession.objects.bulk_create(calendar.new_york_sessions(TODAY, TODAY + timedelta(days=10)))
    with time_machine.travel(NOW, tick=False):
        answer = client.get("/api/markets/calendar/?start=2026-11-20&end=2026-11-30").json()
    assert (answer["exchange"], answer["is_open"], answer["demo"]) == ("XNYS", True, False)
    assert answer["next_open"] == "2026-11-23T14:30:00Z"
    assert len(answer["results"]) == 6  # Thanksgiving is missing
    assert answer["results"][4] == {
        "date": "2026-11-27", "opens_at": "2026-11-27T14:30:00Z", "closes_at": "2026-11-27T18:00:00Z",
        "early_close": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "status"),
    [("exchange=XLON", 404), ("start=2026-11-20&end=2026-11-19", 400), ("start=2020-01-01&end=2026-01-01", 400)],
)
def test_bad_questions_about_the_calendar(stocks, client, query, status):
    assert client.get(f"/api/markets/calendar/?{query}").status_code == status


def test_watchlists_belong_to_their_owner(stocks, client, other_user):
    for _ in range(2):
        answer = client.post("/api/markets/watchlist/", {"symbol": "aapl"}, format="json")
        assert answer.status_code == 201
        assert answer.json()["symbol"] == "AAPL"
        assert answer.json()["demo"] is True
    assert client.get("/api/markets/watchlist/").json()["count"] == 1
    stranger = APIClient()
    stranger.force_authenticate(other_user)
    assert stranger.get("/api/markets/watchlist/").json()["count"] == 0
    assert stranger.delete("/api/markets/watchlist/AAPL/").status_code == 404
    assert client.delete("/api/markets/watchlist/aapl/").status_code == 204
    assert client.get("/api/markets/watchlist/").json()["count"] == 0


def test_unknown_symbols_and_empty_bodies(stocks, client):
    assert client.post("/api/markets/watchlist/", {"symbol": "NOPE"}, format="json").status_code == 404
    assert client.post("/api/markets/watchlist/", {}, format="json").status_code == 400


def test_a_reading_token_reads_and_changes_nothing(quoted, reader):
    assert all(reader.get(f"/api/markets/{path}").status_code == 200 for path in PATHS if "calendar" not in path)
    assert reader.post("/api/markets/watchlist/", {"symbol": "AAPL"}, format="json").status_code == 403
    assert reader.delete("/api/markets/watchlist/AAPL/").status_code == 403
