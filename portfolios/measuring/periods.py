"""The stretches of time a report can be about. Plain Python."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, timedelta

ALL = "all"


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


STARTS: Mapping[str, Callable[[date], date | None]] = {
    "1d": lambda last: last - timedelta(days=1),
    "1w": lambda last: last - timedelta(days=7),
    "1m": lambda last: months_before(last, 1),
    "3m": lambda last: months_before(last, 3),
    "ytd": lambda last: date(last.year - 1, 12, 31),
    "1y": lambda last: months_before(last, 12),
    ALL: lambda last: None,
}


def start_of(period: str, last: date) -> date | None:
    """The date whose closing value is the base of `period` when the data end on `last`; None: from the beginning."""
    return STARTS[period](last)
