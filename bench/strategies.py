"""How long a scan of 500 symbols with 2,500 daily bars takes, reading included, and talipp's averages beside ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from automation.strategies.bar_clock import ClosedBar
from automation.strategies.base import Bars
from automation.strategies.loading import load_bars
from automation.strategies.ma_cross import average
from automation.strategies.registry import STRATEGIES
from automation.strategies.rsi import strength
from automation.strategies.sizing import fraction_at, parse_sizing
from bench import loading, report
from markets.models import Exchange

REPEATS = 3
LAST = datetime(2026, 11, 25, tzinfo=UTC)

# A random walk in cents for every symbol, the same at each run.
FILL = """
INSERT INTO markets_bar (symbol, timeframe, at, open, high, low, close, volume, source)
SELECT symbol, '1d', %(last)s::timestamptz - make_interval(days => %(count)s - n), close, close + 0.05, close - 0.05,
       close, 1000000, 'bench'
FROM (
    SELECT s.symbol, n,
           round((100 + sum(random() - 0.499) OVER (PARTITION BY s.symbol ORDER BY n))::numeric, 2) AS close
    FROM unnest(%(symbols)s::text[]) AS s (symbol), generate_series(1, %(count)s) AS n
) walk
"""


def run(*, quick: bool) -> list[dict[str, Any]]:
    count, length = (50, 500) if quick else (500, 2500)
    names = loading.load_market(count)
    loading.execute("SELECT setseed(0.5)")
    loading.execute(FILL, {"symbols": names, "last": LAST, "count": length})
    loading.execute("ANALYZE markets_bar")
    exchange = Exchange.objects.get(code="DEMO")
    newest = ClosedBar(at=LAST, closed_at=LAST + timedelta(days=1, hours=5))
    sizing = parse_sizing({"kind": "percent_risk"})
    rows = []
    for key, strategy in STRATEGIES.items():
        symbols = names[:2] if key == "pairs" else names
        params = strategy.parse({})
        reading, thinking = [], []
        for _ in range(REPEATS):
            began = time.perf_counter()
            bars = load_bars(symbols, exchange, "1d", newest=newest, count=length)
            read = time.perf_counter()
            signals = strategy.generate_signals(bars, params)
            known = 0
            for symbol, column in bars.items():
                known += not np.isnan(fraction_at(float(signals[symbol][-1]), column, length - 1, sizing))
            reading.append(read - began)
            thinking.append(time.perf_counter() - read)
        rows.append(_row(key, len(symbols), length, report.middle(reading), report.middle(thinking), known))
    return [*rows, *_beside_talipp(load_bars(names, exchange, "1d", newest=newest, count=length))]


def _row(name: str, symbols: int, bars: int, reading: float, thinking: float, known: int | str) -> dict[str, Any]:
    return {
        "scan": name,
        "symbols": symbols,
        "bars each": bars,
        "reading s": round(reading, 2),
        "signals s": round(thinking, 2),
        "together s": round(reading + thinking, 2),
        "known": known,
    }


def _beside_talipp(bars: dict[str, Bars]) -> list[dict[str, Any]]:
    """The same indicators over every bar, by ours and by talipp (20 symbols, scaled up)."""
    from talipp.indicators import RSI, SMA

    some = list(bars.values())[:20]
    scale = len(bars) / len(some)
    length = len(some[0])
    work: dict[str, Callable[[Bars], object]] = {
        "sma 200, ours": lambda column: average(column.close, "sma", 200, 201),
        "sma 200, talipp": lambda column: SMA(200, column.close.tolist()),
        "rsi 14, ours": lambda column: strength(column.close, 14),
        "rsi 14, talipp": lambda column: RSI(14, column.close.tolist()),
    }
    rows = []
    for name, indicator in work.items():
        began = time.perf_counter()
        for column in some:
            indicator(column)
        rows.append(_row(name, len(bars), length, 0.0, (time.perf_counter() - began) * scale, "-"))
    return rows
