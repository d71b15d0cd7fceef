"""Reports over ten years of daily points, risk of a thousand portfolios, the optimiser and the tear sheet."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bench import loading
from portfolios.ledger import book_fills, deposit
from portfolios.models import Portfolio
from portfolios.optimising.asking import Ask
from portfolios.optimising.methods import METHODS
from portfolios.optimising.proposing import propose
from portfolios.performance.reporting import performance_of
from portfolios.risk.reading import value_at_risk
from portfolios.risk.reporting import risk_of
from portfolios.tearsheet.composing import compose
from portfolios.tearsheet.html import html
from portfolios.types import FillBooking

HELD = 20
# A random walk for each symbol, and one for the account's curve, a point a day.
BARS = """
INSERT INTO markets_bar (symbol, timeframe, at, open, high, low, close, volume, source)
SELECT symbol, '1d', day, close, close, close, close, 1000, 'bench' FROM (
    SELECT symbol, day AT TIME ZONE 'UTC' AS day,
           round((100 * exp(sum(random() - 0.499) OVER (PARTITION BY symbol ORDER BY day) / 30))::numeric, 2) AS close
    FROM unnest(%(names)s::text[]) AS s(symbol), generate_series(current_date - %(days)s, current_date - 1, '1 day') day
) AS walk WHERE close > 0
"""
CURVE = """
INSERT INTO portfolios_equitypoint (portfolio_id, at, equity, cash)
SELECT %(id)s, day, round((1e7 * exp(sum(random() - 0.49) OVER (ORDER BY day) / 50))::numeric, 2), 0
FROM generate_series(now() - make_interval(days => %(days)s), now() - interval '1 hour', '1 day') AS day
"""


def timed(work: Callable[[], Any], times: int = 5) -> float:
    """The fastest of some runs, in milliseconds."""
    best = 1e9
    for _ in range(times):
        began = time.perf_counter()
        work()
        best = min(best, (time.perf_counter() - began) * 1000)
    return best


def run(*, quick: bool) -> list[dict[str, Any]]:
    years, count = (2, 100) if quick else (10, 1000)
    now = datetime.now(UTC)
    names = [*loading.load_market(100), "SPY"]
    loading.execute(
        "INSERT INTO markets_instrument SELECT 'SPY', 'SPY', aliases, asset_class, active, tradable, fractionable,"
        " demo, data_label, exchange_id FROM markets_instrument WHERE symbol = 'S00000'"
    )
    loading.execute(BARS, {"names": names, "days": years * 365})
    portfolios = loading.open_accounts(count)
    hold(portfolios, names[:-1], now)
    old = portfolios[0]
    for month in range(years * 12):
        deposit(portfolio=old, amount=Decimal(1000), now=now - timedelta(days=30 * month + 1, hours=3))
    loading.execute(CURVE, {"id": old.pk, "days": years * 365})
    old = Portfolio.objects.get(pk=old.pk)
    report = performance_of(old, benchmark="SPY", now=now)
    rows = [
        {
            "what": f"performance report, {len(report.daily):,} days, {years * 12} deposits, {HELD} holdings",
            "ms": timed(lambda: performance_of(old, benchmark="SPY", now=now)),
        },
        {"what": "risk report", "ms": timed(lambda: risk_of(old, benchmark="SPY", now=now))},
        *documents(old, now),
        {
            "what": f"value at risk of {count:,} portfolios, {HELD} holdings each",
            "ms": timed(lambda: value_at_risk([one.pk for one in portfolios], now)),
        },
        *optimiser(names, now),
    ]
    if len(value_at_risk([one.pk for one in portfolios], now)) != count:
        raise RuntimeError("a portfolio was left out")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return [*rows, {"what": f"peak memory of this process: {peak} MB"}]


def hold(portfolios: list[Portfolio], names: list[str], now: datetime) -> None:
    """Twenty holdings each, not the same ones."""
    for number, portfolio in enumerate(portfolios):
        fills = [
            FillBooking(
                source_id=f"{number}-{place}",
                symbol=names[(number * 7 + place) % len(names)],
                side="buy",
                quantity=Decimal(100 + place),
                price=Decimal(100),
                at=now,
            )
            for place in range(HELD)
        ]
        book_fills(portfolio=portfolio, fills=fills, now=now)


def documents(portfolio: Portfolio, now: datetime) -> list[dict[str, Any]]:
    """The tear sheet's writers, and what importing the PDF library costs."""
    sheet = compose(
        portfolio.name,
        performance_of(portfolio, benchmark="SPY", now=now),
        risk_of(portfolio, benchmark="SPY", now=now),
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    from portfolios.tearsheet.pdf import pdf

    loaded = (time.perf_counter() - began) * 1000
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    return [
        {"what": f"tear sheet as HTML, {len(html(sheet)) // 1024} KB", "ms": timed(lambda: html(sheet))},
        {"what": f"importing the PDF writer, {grown} MB", "ms": loaded},
        {"what": f"tear sheet as PDF, {len(pdf(sheet)) // 1024} KB", "ms": timed(lambda: pdf(sheet))},
    ]


def optimiser(names: list[str], now: datetime) -> list[dict[str, Any]]:
    """Each method on 50 symbols, from the bars to rounded weights."""
    rows = []
    for method in METHODS:
        ask = Ask(
            symbols=tuple(names[:50]),
            method=method,
            most=Decimal("0.1"),
            target_return=0.0 if method == "target_return" else None,
            risk_free=-5.0,
        )
        rows.append(
            {
                "what": f"optimiser, {method}, 50 symbols",
                "ms": timed(lambda ask=ask: propose(ask, portfolio=None, now=now), 3),  # type: ignore[misc]
            }
        )
    return rows
