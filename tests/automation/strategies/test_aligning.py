"""One row of times for all symbols; a missing bar is a hole, a short silence is not."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from automation.strategies.aligning import aligned
from automation.strategies.base import Bars

START = int(datetime(2026, 11, 20, 14, 30, tzinfo=UTC).timestamp())  # 09:30 in New York
DAY = 86_400


def bars(at: list[int]) -> Bars:
    close = np.arange(1.0, len(at) + 1)
    return Bars(at=np.array(at, dtype=np.int64), open=close, high=close, low=close, close=close, volume=close * 10)


def minutes(*numbers: int) -> Bars:
    return bars([START + 60 * number for number in numbers])


def lined_up(columns: dict[str, Bars], newest: int, *, width: int = 60, always_open: bool = False, expected=()):
    return aligned(
        columns,
        expected=np.array(expected, dtype=np.int64),
        newest=newest,
        width=width,
        always_open=always_open,
        time_zone="America/New_York",
    )


def test_daily_bars_have_holes_where_another_symbol_or_a_session_has_a_bar() -> None:
    found = lined_up(
        {"A": bars([0, DAY, 3 * DAY]), "B": bars([DAY, 3 * DAY])}, 4 * DAY, width=0, expected=[2 * DAY, 3 * DAY]
    )
    np.testing.assert_array_equal(found["A"].at, [0, DAY, 2 * DAY, 3 * DAY, 4 * DAY])
    np.testing.assert_array_equal(found["A"].close, [1, 2, np.nan, 3, np.nan])
    np.testing.assert_array_equal(found["B"].close, [np.nan, 1, np.nan, 2, np.nan])


def test_bars_after_the_newest_are_not_looked_at() -> None:
    found = lined_up({"A": bars([0, DAY]), "B": bars([0])}, DAY, width=0)
    assert len(found["A"]) == 2 and np.isnan(found["B"].close[1])


def test_a_minute_without_a_trade_stands_at_the_close_before() -> None:
    found = lined_up({"A": minutes(0, 1, 2, 3), "B": minutes(0, 3)}, START + 180)
    np.testing.assert_array_equal(found["B"].close, [1, 1, 1, 2])
    np.testing.assert_array_equal(found["B"].volume, [10, 0, 0, 20])


def test_a_silence_of_more_than_fifteen_minutes_within_a_session_is_a_hole() -> None:
    quiet = lined_up({"A": minutes(0, 15)}, START + 15 * 60)
    assert not np.isnan(quiet["A"].close).any()
    silent = lined_up({"A": minutes(0, 17)}, START + 17 * 60)
    np.testing.assert_array_equal(silent["A"].close, [1, np.nan, 2])
    behind = lined_up({"A": minutes(0, 1)}, START + 30 * 60)
    assert np.isnan(behind["A"].close[-1])


def test_a_night_is_no_hole_but_on_a_market_that_never_closes() -> None:
    columns = {"A": bars([START, START + DAY])}
    assert not np.isnan(lined_up(columns, START + DAY)["A"].close).any()
    assert np.isnan(lined_up(columns, START + DAY, always_open=True)["A"].close).any()
