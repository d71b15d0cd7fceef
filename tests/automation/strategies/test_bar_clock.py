"""Which bar closed last, and when to act on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from automation.strategies.bar_clock import bars_due_by, newest_bar, next_close, window_of
from tests.automation.new_york import CLOSE, OPEN, open_new_york
from tests.orders.making import Desk

MINUTE = timedelta(minutes=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timeframe", "now", "begins", "closed"),
    [
        ("1d", at(19, 20, 59), at(18, 0), at(18, 21)),
        ("1d", CLOSE, at(19, 0), CLOSE),
        ("1d", at(22, 12), at(20, 0), at(20, 21)),  # a Sunday
        ("1h", at(19, 17, 5), at(19, 16), at(19, 17)),
        ("1h", at(19, 17, 0), at(19, 15), at(19, 16)),  # the feed is given a few seconds
        ("1h", at(19, 14, 45), at(18, 20), at(18, 21)),  # no bar of today yet
        ("15m", at(20, 3), at(19, 20, 45), CLOSE),
        ("4h", at(19, 20, 30), at(19, 16), at(19, 20)),
        ("4h", at(19, 22), at(19, 20), CLOSE),  # cut off by the close
        ("1m", at(20, 14, 32) + timedelta(seconds=5), at(20, 14, 31), at(20, 14, 32)),
    ],
)
def test_the_newest_bar(desk: Desk, timeframe: str, now: datetime, begins: datetime, closed: datetime) -> None:
    open_new_york()
    bar = newest_bar("XNYS", timeframe, now)
    assert bar is not None
    assert (bar.at, bar.closed_at) == (begins, closed)


def test_what_is_decided_at_the_close_is_done_at_the_open(desk: Desk) -> None:
    open_new_york()
    window = window_of("XNYS", "1d", CLOSE)
    assert window is not None and (window.opens_at, window.expires_at) == (OPEN, OPEN + 15 * MINUTE)
    bar = newest_bar("XNYS", "1d", CLOSE)
    assert bar is not None and bars_due_by(bar, window) == CLOSE + 30 * MINUTE
    during = window_of("XNYS", "1m", at(20, 15))
    assert during is not None and (during.opens_at, during.expires_at) == (at(20, 15), at(20, 15, 2))


def test_without_a_calendar_there_is_nothing_to_judge(desk: Desk) -> None:
    open_new_york()
    long_ago, far = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    assert newest_bar("XNYS", "1d", long_ago) is None
    assert window_of("XNYS", "1d", far) is None


@pytest.mark.parametrize(
    ("timeframe", "now", "closes"),
    [
        ("1d", at(19, 15), CLOSE),
        ("1d", at(20, 3), at(20, 21)),  # in the night: that day's session
        ("1h", at(19, 15, 20), at(19, 16)),
        ("1h", at(20, 3), at(20, 15)),  # opens at 14:30
        ("4h", at(19, 20, 30), CLOSE),  # cut short by the close
    ],
)
def test_when_the_next_bar_closes(desk: Desk, timeframe: str, now: datetime, closes: datetime) -> None:
    open_new_york()
    assert next_close("XNYS", timeframe, now) == closes
