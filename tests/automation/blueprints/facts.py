"""Facts for blueprints: a portfolio with 100 AAPL bought at 80 and now at 100, and MSFT with a price."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from automation.blueprints.base import Blueprint, Facts, Stock
from automation.triggers.base import BadParams, SessionTimes
from markets.types import BarRow

D = Decimal
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def days(count: int, *, swing: str = "2") -> list[BarRow]:
    """Daily bars around 100 that each range over `swing` dollars: so much is their ATR."""
    half = D(swing) / 2
    first = NOW.replace(hour=0) - timedelta(days=count)
    return [
        BarRow(symbol="AAPL", timeframe="1d", at=first + timedelta(days=n), open=D(100), high=100 + half,
               low=100 - half, close=D(100))
        for n in range(count)
    ]  # fmt: skip


AAPL = Stock(symbol="AAPL", held=D(100), cost_per_share=D(80), last=D(100), daily=days(30))
MSFT = Stock(symbol="MSFT", last=D(50))


def sessions(count: int) -> list[SessionTimes]:
    """One a day, the first of them begun an hour ago."""
    first = NOW - timedelta(hours=1)
    return [
        SessionTimes(date=at.date(), opens_at=at, closes_at=at + timedelta(hours=6))
        for at in (first + timedelta(days=n) for n in range(count))
    ]


def drafts(blueprint: Blueprint, *stocks: Stock, **raw: Any) -> list[dict[str, Any]]:
    held = stocks or (AAPL, MSFT)
    facts = Facts(now=NOW, portfolio="Main", stocks={stock.symbol: stock for stock in held})
    return blueprint.drafts(blueprint.parse(raw), facts)


def refused(blueprint: Blueprint, *stocks: Stock, **raw: Any) -> dict[str, str]:
    with pytest.raises(BadParams) as bad:
        drafts(blueprint, *stocks, **raw)
    return bad.value.errors
