"""The daily bars of the demo market: real ones adjusted and re-dated, the others simulated. No Django here.

Floats, not Decimals: nobody is owed these numbers; they are rounded to cents when they become bars.
"""

from __future__ import annotations

import csv
import gzip
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from markets.demo_catalogue import BY_SYMBOL, DemoInstrument
from markets.types import BarRow

FILE = Path(__file__).parent / "data" / "stocks.csv.gz"
SIMULATED_BARS = 1260  # five years
YEAR = 252
MARKET = ("AAPL", "IBM", "MSFT")  # the series that reach back all the way make the market's moves
MARKET_VOLATILITY = 0.15
MARKET_DRIFT = 0.08
SOURCE = "demo"


@dataclass(frozen=True, slots=True)
class Day:
    """One day's prices in dollars and volume in shares."""

    open: float
    high: float
    low: float
    close: float
    volume: float


@cache
def real_days() -> dict[str, tuple[Day, ...]]:
    """The vendored series by ticker, oldest first, adjusted so that the last day keeps the price really paid."""
    rows: dict[str, list[dict[str, str]]] = {}
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["Ticker"], []).append(row)
    return {ticker: _adjusted(series) for ticker, series in rows.items()}


def _adjusted(rows: Sequence[Mapping[str, str]]) -> tuple[Day, ...]:
    last = float(rows[-1]["Close"]) / float(rows[-1]["Adj Close"])
    days = []
    for row in rows:
        factor = float(row["Adj Close"]) / float(row["Close"]) * last
        opened, high, low, close = (float(row[name]) * factor for name in ("Open", "High", "Low", "Close"))
        # The traded value stays what it was: half the price, twice the shares.
        days.append(Day(opened, high, low, close, float(row["Volume"]) / factor))
    return tuple(days)


def weekdays_until(last: date, count: int) -> list[date]:
    """`count` consecutive weekdays, oldest first, the last one being `last` itself whatever day it is."""
    days = [last]
    while len(days) < count:
        day = days[-1] - timedelta(days=1)
        while day.weekday() >= 5:
            day -= timedelta(days=1)
        days.append(day)
    return days[::-1]


def history(instrument: DemoInstrument, *, last: date, seed: int, count: int | None = None) -> list[BarRow]:
    """The daily bars of one instrument up to `last`; `count` limits them to the newest."""
    days = real_days()[instrument.ticker] if instrument.ticker else _simulated(instrument, seed)
    days = days[-count:] if count else days
    dates = weekdays_until(last, len(days))
    return [bar(instrument.symbol, at, day) for at, day in zip(dates, days, strict=True)]


def market_returns() -> list[float]:
    """Daily log returns of the demo market as a whole: the mean of the long series, scaled to an index's volatility."""
    series = [real_days()[ticker] for ticker in MARKET]
    means = [
        sum(math.log(days[i].close / days[i - 1].close) for days in series) / len(series)
        for i in range(len(series[0]) - SIMULATED_BARS, len(series[0]))
    ]
    average = sum(means) / len(means)
    spread = math.sqrt(sum((value - average) ** 2 for value in means) / len(means))
    scale = MARKET_VOLATILITY / math.sqrt(YEAR) / spread
    return [(value - average) * scale + MARKET_DRIFT / YEAR for value in means]


def _simulated(instrument: DemoInstrument, seed: int) -> tuple[Day, ...]:
    """A path that ends at the instrument's price, correlated with the real series through the market."""
    rng = random.Random(f"{seed}:{instrument.symbol}:history")
    own = instrument.volatility / math.sqrt(YEAR)
    drift = (instrument.drift - instrument.beta * MARKET_DRIFT) / YEAR
    moves = [instrument.beta * market + drift + rng.gauss(0, own) for market in market_returns()]
    price = float(instrument.price) / math.exp(sum(moves))
    days = []
    for move in moves:
        day = _day(instrument, rng, price, price * math.exp(move))
        days.append(day)
        price = day.close
    return tuple(days)


def simulated_day(instrument: DemoInstrument, *, at: date, previous: Decimal, seed: int) -> BarRow:
    """The bar of a day that nobody watched, after a close of `previous`. The same seed and day give the same bar."""
    rng = random.Random(f"{seed}:{instrument.symbol}:{at}")
    sigma = math.hypot(instrument.volatility, instrument.beta * MARKET_VOLATILITY) / math.sqrt(YEAR)
    before = float(previous)
    return bar(instrument.symbol, at, _day(instrument, rng, before, before * math.exp(rng.gauss(0, sigma))))


def _day(instrument: DemoInstrument, rng: random.Random, before: float, close: float) -> Day:
    sigma = math.hypot(instrument.volatility, instrument.beta * MARKET_VOLATILITY) / math.sqrt(YEAR)
    opened = before * math.exp(rng.gauss(0, sigma * 0.3))
    high = max(opened, close) * (1 + abs(rng.gauss(0, sigma * 0.4)))
    low = min(opened, close) * (1 - min(abs(rng.gauss(0, sigma * 0.4)), 0.5))
    return Day(opened, high, low, close, instrument.volume * math.exp(rng.gauss(-0.06, 0.35)))


def bar(symbol: str, at: date, day: Day) -> BarRow:
    """A stored daily bar: prices in cents (0.01 at least), whole shares."""
    prices = (day.open, day.high, day.low, day.close)
    opened, high, low, close = (max(Decimal(f"{value:.2f}"), Decimal("0.01")) for value in prices)
    return BarRow(
        symbol=symbol,
        timeframe="1d",
        at=datetime(at.year, at.month, at.day, tzinfo=UTC),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=Decimal(round(day.volume)),
        source=SOURCE,
    )


def average_volume(symbol: str) -> float:
    """Shares traded on an ordinary day."""
    instrument = BY_SYMBOL[symbol]
    if not instrument.ticker:
        return float(instrument.volume)
    recent = real_days()[instrument.ticker][-20:]
    return sum(day.volume for day in recent) / len(recent)
