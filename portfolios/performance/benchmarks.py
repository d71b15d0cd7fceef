"""The closes of a benchmark on the dates of an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from common.errors import InvalidInput
from markets.closes import Closes, daily_closes_between, day_number
from markets.models import Instrument, Quote
from portfolios.measuring.figures import Floats

DEFAULT = "SPY"
STALE = timedelta(days=7)  # a close this old still stands for a date without one


@dataclass(frozen=True, kw_only=True, eq=False)
class Benchmark:
    """`levels` has an entry per date, NaN where there is no close; `reason` says why there is nothing to compare."""

    symbol: str
    levels: Floats
    reason: str = ""


def benchmark_symbol(text: str) -> str:
    """A known symbol in its own case; SPY for nothing. Raises InvalidInput naming `benchmark`."""
    symbol = text.strip().upper() or DEFAULT
    if symbol == DEFAULT or Instrument.objects.filter(pk=symbol).exists():
        return symbol
    raise InvalidInput({"benchmark": f"{text!r} is not a known symbol: choose one with daily bars, e.g. {DEFAULT}."})


def levels_of(symbol: str, dates: tuple[date, ...]) -> Benchmark:
    """The last close at or before each date; today's is the quote of the session under way. Two queries."""
    nothing = np.full(len(dates), np.nan)
    if not dates:
        return Benchmark(symbol=symbol, levels=nothing, reason="The account has no curve yet.")
    found = daily_closes_between([symbol], start=dates[0] - STALE, end=dates[-1])
    closes = found.get(symbol, Closes(days=[], prices=[]))
    days, prices = list(closes.days), list(closes.prices)
    today = Quote.objects.filter(pk=symbol, session_date=dates[-1]).values_list("last", flat=True).first()
    if today is not None and (not days or days[-1] < day_number(dates[-1])):
        days.append(day_number(dates[-1]))
        prices.append(float(today))
    if len(days) < 2:
        return Benchmark(
            symbol=symbol,
            levels=nothing,
            reason=f"{symbol} has {len(days)} daily closes between {dates[0]} and {dates[-1]}: import its bars.",
        )
    wanted = np.array([day_number(day) for day in dates])
    place = np.searchsorted(np.array(days), wanted, side="right") - 1
    fresh = (place >= 0) & (wanted - np.array(days)[place] <= STALE.days)
    levels = np.where(fresh, np.array(prices)[place], np.nan)
    if not fresh[-1]:
        return Benchmark(
            symbol=symbol,
            levels=nothing,
            reason=f"The closes of {symbol} end before {dates[-1]}: import its bars.",
        )
    return Benchmark(symbol=symbol, levels=levels)
