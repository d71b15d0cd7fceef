"""What is held, as tables and rings: each holding with its way of the last weeks, and what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from common.money import HUNDRED, ZERO, percent_of
from dashboard.drawing import CASH, ring, spark, tones_of
from dashboard.selectors.protecting import ProtectionRow
from dashboard.selectors.trading import HoldingRow
from markets.closes import daily_closes_between
from markets.models import Instrument
from portfolios.goals.reading import drifts
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.types import Valuation

WEEKS = timedelta(days=45)
CLASSES = {"us_equity": "Shares", "crypto": "Crypto", "etf": "Funds"}
ASCENDING = {"symbol"}  # all other columns begin with the largest


@dataclass(frozen=True, kw_only=True)
class PositionRow:
    """A holding with today's change, its way of the last 45 days, and its stop."""

    holding: HoldingRow
    name: str
    asset_class: str
    day_percent: Decimal | None
    day_gain: Decimal | None
    spark: str
    rising: bool
    stop: ProtectionRow | None


def position_rows(
    holdings: list[HoldingRow], protections: list[ProtectionRow], *, sort: str, now: datetime
) -> list[PositionRow]:
    """Two queries however many there are."""
    symbols = [row.symbol for row in holdings]
    known = {
        symbol: rest
        for symbol, *rest in Instrument.objects.filter(pk__in=symbols).values_list(
            "symbol", "name", "asset_class", "quote__last", "quote__prev_close"
        )
    }
    closes = daily_closes_between(symbols, start=(now - WEEKS).date(), end=now.date()) if symbols else {}
    stops = {row.symbol: row for row in protections}
    rows = []
    for row in holdings:
        name, kind, last, before = known.get(row.symbol, ("", "", None, None))
        prices = [*(closes[row.symbol].prices if row.symbol in closes else []), *([float(last)] if last else [])]
        moved = (last - before) if last is not None and before else None
        rows.append(
            PositionRow(
                holding=row,
                name=name if name != row.symbol else "",
                asset_class=CLASSES.get(kind, kind.replace("_", " ").capitalize()),
                day_percent=None if moved is None else moved * HUNDRED / before,
                day_gain=None if moved is None else moved * row.quantity,
                spark=spark(prices),
                rising=len(prices) > 1 and prices[-1] >= prices[0],
                stop=stops.get(row.symbol),
            )
        )
    return sorted(rows, key=SORTS.get(sort, SORTS["value"]), reverse=sort not in ASCENDING)


def _or_last(value: Decimal | None) -> Decimal:
    return Decimal("-Infinity") if value is None else value


SORTS = {
    "symbol": lambda row: row.holding.symbol,
    "value": lambda row: _or_last(row.holding.value),
    "price": lambda row: _or_last(row.holding.price),
    "day": lambda row: _or_last(row.day_percent),
    "gain": lambda row: _or_last(row.holding.gain),
}


def goals_of(portfolio: Portfolio, *, now: datetime) -> list[dict[str, Any]]:
    """The goals that are on, the automatic one first, each with its drift. Four queries at most."""
    goals = list(
        PortfolioGoal.objects.filter(portfolio=portfolio, enabled=True, archived_at__isnull=True).order_by(
            "-rebalance_mode", "name"
        )
    )
    goals.sort(key=lambda goal: goal.rebalance_mode != PortfolioGoal.Mode.AUTO)
    found = drifts([goal.pk for goal in goals], now) if goals else {}
    return [
        {
            "goal": goal,
            "drift": found[goal.pk],
            "outside": [row.symbol for row in found[goal.pk].rows if row.outside],
            "use_percent": min(found[goal.pk].band_use, Decimal(1)) * HUNDRED,
        }
        for goal in goals
    ]


def allocation(
    valuation: Valuation, goals: list[dict[str, Any]], classes: dict[str, str] | None = None
) -> dict[str, Any]:
    """The ring of what is held and, outside it, of what the first goal wants; with a row for each asset."""
    equity = valuation.equity
    if not equity:
        return {"ring": [], "targets": [], "allocation": [], "goal": None}
    values: dict[str, Decimal] = {}
    for symbol, position in valuation.positions.items():
        label = (classes or {}).get(symbol, symbol)
        values[label] = values.get(label, ZERO) + (position.value or ZERO)
    goal = goals[0]["goal"] if goals and classes is None else None
    wanted = {
        CASH if symbol == "CASH" else symbol: Decimal(weight) * HUNDRED
        for symbol, weight in (goal.target_weights if goal else {}).items()
    }
    held = sorted(values, key=lambda label: -values[label])
    labels = [*held, *sorted(set(wanted) - set(held) - {CASH}), CASH]
    tones = tones_of(labels)
    values[CASH] = valuation.cash
    rows = [
        {
            "label": label,
            "tone": tones[label],
            "value": values.get(label, ZERO),
            "percent": percent_of(values.get(label, ZERO), equity),
            "target": wanted.get(label) if goal else None,
        }
        for label in labels
    ]
    return {
        "ring": ring([(label, percent_of(values.get(label, ZERO), equity)) for label in labels], tones),
        "targets": ring([(label, wanted.get(label, ZERO)) for label in labels], tones),
        "allocation": rows,
        "goal": goal,
    }
