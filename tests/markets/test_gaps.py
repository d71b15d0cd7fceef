"""Holes in the minute bars."""

from __future__ import annotations

from datetime import timedelta

import pytest

from markets.bars import keep_bars
from markets.gaps import minute_gaps
from markets.types import BarRow
from tests.orders.making import NOW, D, open_market

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def bars(*minutes: int) -> None:
    open_market()
    price = {name: D(100) for name in ("open", "high", "low", "close")}
    keep_bars([BarRow(symbol="AAPL", timeframe="1m", at=NOW + n * MINUTE, source="test", **price) for n in minutes])


def holes(*spans: tuple[int, int], symbol: str = "AAPL") -> list[tuple[int, int]]:
    found = minute_gaps(symbol, [(NOW + a * MINUTE, NOW + b * MINUTE) for a, b in spans])
    return [((a - NOW) // MINUTE, (b - NOW) // MINUTE) for a, b in found]


def test_a_hole_is_longer_than_a_quarter_of_an_hour() -> None:
    bars(*range(60), *range(75, 120))
    assert holes((0, 120)) == [(59, 75)]
    bars(60)
    assert holes((0, 120)) == []


def test_the_beginning_and_the_end_count() -> None:
    bars(*range(30, 60))
    assert holes((0, 90)) == [(0, 30), (59, 90)]


def test_only_the_spans_are_looked_at_each_for_itself() -> None:
    bars(*range(30), *range(300, 330))
    assert holes((0, 30), (300, 330)) == []
    assert holes((0, 30), (100, 130), (300, 330)) == [(100, 130)]


def test_another_symbol_is_nothing_seen() -> None:
    bars(*range(60))
    assert holes((0, 60), symbol="MSFT") == [(0, 60)]
    assert minute_gaps("AAPL", []) == []
