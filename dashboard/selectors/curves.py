"""The overview's curve: worth, return or drawdown over a range; payments in and out are no gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import DecimalField, F, Sum
from django.db.models.functions import Cast

from dashboard.selectors.actions import offset_minutes
from portfolios.lots import EXCHANGE_ZONE
from portfolios.measuring.drawdowns import underwater
from portfolios.measuring.returns import growth_line
from portfolios.models import LedgerEntry, Portfolio
from portfolios.performance.benchmarks import levels_of
from portfolios.types import Valuation

POINTS = 500
RANGES: Mapping[str, tuple[str, int | None]] = {
    "1d": ("1D", 1),
    "1w": ("1W", 7),
    "1m": ("1M", 30),
    "3m": ("3M", 91),
    "1y": ("1Y", 365),
    "all": ("All", None),
}
WORDS = {"1d": "last 24 hours", "1w": "last 7 days", "1m": "last 30 days", "3m": "last 3 months", "1y": "last year"}
VIEWS = {"worth": "Worth", "return": "Return", "drawdown": "Drawdown"}
BENCHMARKED = {"1m", "3m", "1y", "all"}
USUAL, USUAL_VIEW, BENCHMARK = "1m", "worth", "SPY"
Kind = LedgerEntry.Kind
Points = Sequence[tuple[datetime, float]]


def curve_of(
    portfolio: Portfolio, valuation: Valuation, *, chosen: str = "", view: str = "", now: datetime
) -> dict[str, Any]:
    """What the equity card shows. Two queries; two more beside a benchmark."""
    chosen = chosen if chosen in RANGES else USUAL
    view = view if view in VIEWS else USUAL_VIEW
    days = RANGES[chosen][1]
    points = _points(portfolio, None if days is None else now - timedelta(days=days))
    recorded = len(points)
    if recorded < 2 and valuation.equity is not None:  # the first minutes: up to this moment
        points.append((now, float(valuation.equity)))
    flows = _flows(portfolio, points[0][0], points[-1][0]) if points else []
    growth = growth_line(points, flows)
    values = {
        "worth": lambda: [equity for _, equity in points],
        "return": lambda: [100 * (grew - 1) for grew in growth],
        "drawdown": lambda: (100 * underwater(np.array(growth))).tolist() if growth else [],
    }[view]()
    line = _thinned(list(zip((at for at, _ in points), values, strict=True)))
    beside, why_not = _benchmark(line) if view == "return" and chosen in BENCHMARKED else ([], "")
    moved = sum(amount for _, amount in flows)
    return {
        "curve": {
            "points": _drawn(line),
            "benchmark": beside,
            "percent": view != "worth",
            "look": view,
            "offset": offset_minutes(now),
        },
        "curve_words": WORDS.get(chosen, "since the beginning"),
        "curve_range": chosen,
        "curve_view": view,
        "ranges": [(key, label) for key, (label, _) in RANGES.items()],
        "views": list(VIEWS.items()),
        "benchmark": BENCHMARK if beside else "",
        "benchmark_missing": why_not,
        "gained": Decimal(str(round(points[-1][1] - points[0][1] - moved, 2))) if points else None,
        "gained_percent": Decimal(str(round(100 * (growth[-1] - 1), 2))) if growth else None,
        "paid": Decimal(str(round(moved, 2))),
        "young": recorded < 2,
    }


def _points(portfolio: Portfolio, start: datetime | None) -> list[tuple[datetime, float]]:
    found = portfolio.equity_points.order_by("at")
    if start is not None:
        found = found.filter(at__gte=start)
    return [(at, float(equity)) for at, equity in found.values_list("at", "equity")]


def _flows(portfolio: Portfolio, after: datetime, until: datetime) -> list[tuple[datetime, float]]:
    """Dollars that came in or went out between the first point and the last; shares at their market value."""
    cash = LedgerEntry.objects.filter(portfolio=portfolio, at__gt=after, at__lte=until)
    worth = Cast(F("quantity") * F("price"), DecimalField(max_digits=20, decimal_places=2))
    moved, brought = cash.filter(kind__in=[Kind.DEPOSIT, Kind.WITHDRAWAL]), cash.filter(kind=Kind.OPENING)
    found = [
        *moved.values("at").annotate(total=Sum("amount")).order_by().values_list("at", "total"),
        *brought.values("at").annotate(total=Sum(worth)).order_by().values_list("at", "total"),
    ]
    return sorted((at, float(amount or 0)) for at, amount in found)


def _benchmark(line: Points) -> tuple[list[dict[str, Any]], str]:
    """The benchmark's return at the same moments, by its daily closes; or why there is none."""
    if len(line) < 2:
        return [], ""
    days = [at.astimezone(EXCHANGE_ZONE).date() for at, _ in line]
    dates = tuple(sorted(set(days)))
    found = levels_of(BENCHMARK, dates)
    if found.reason or len(dates) < 3:
        return [], found.reason
    level = dict(zip(dates, found.levels.tolist(), strict=True))
    known = [(at, level[day]) for (at, _), day in zip(line, days, strict=True) if level[day] == level[day]]
    return [
        {"time": int(at.timestamp()), "value": round(100 * (price / known[0][1] - 1), 3)} for at, price in known
    ], ""


def _thinned(line: Points) -> Points:
    """At most POINTS of them, evenly; the newest is always one."""
    step = max(1, -(-len(line) // POINTS))
    return line[::-1][::step][::-1]


def _drawn(line: Points) -> list[dict[str, Any]]:
    """One a second, as the chart wants it."""
    seconds = {int(at.timestamp()): round(value, 3) for at, value in line}
    return [{"time": second, "value": value} for second, value in seconds.items()]
