"""A year of results: closes, a curve, a history with sales and dividends, a goal, the agent's notes."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.models import AgentRun
from common.clock import now
from markets.models import Bar
from orders.opening import open_paper_portfolio
from portfolios.goals.changing import create_goal
from portfolios.importing.booking import import_history
from portfolios.models import EquityPoint
from tests.browser.looking import Look
from tests.orders.making import D, Desk, open_market, quote

NEW_YORK = ZoneInfo("America/New_York")
DAYS = 420
HISTORY = """date,type,symbol,quantity,price,amount,fee
2024-06-03,buy,TSLA,20,70,,1
2025-02-10,sell,TSLA,6,64,,1
2025-08-11,sell,TSLA,6,95,,1
2025-08-12,dividend,AAPL,,,62.40,
2026-02-12,dividend,MSFT,,,48.10,
"""


def furnish(desk: Desk) -> list[Look]:
    moment = now()
    open_market("SPY", day=moment.date())
    quote("SPY", "100", at=moment)
    import_history(portfolio=desk.portfolio, text=HISTORY, now=moment, allow_negative_cash=True)
    _closes(moment)
    _curve(desk, moment)
    weights = {"AAPL": "0.1", "MSFT": "0.1", "NVDA": "0.1", "SPY": "0.2", "CASH": "0.5"}
    create_goal(user=desk.user, data={"name": "Calm growth", "target_weights": weights}, now=moment, actor="ada")
    open_paper_portfolio(user=desk.user, name="Just begun", cash=D(25_000), now=moment)
    for hours, text in ((2, "Half of the worth is cash, and NVDA is the largest holding."), (26, "A quiet day.")):
        AgentRun.objects.create(
            user=desk.user, portfolio=desk.portfolio, trigger="schedule", mode="report", provider="offline",
            state="succeeded", report={"report": {"summary": text}, "offline": True},
            created_at=moment - timedelta(hours=hours),
        )  # fmt: skip
    begun = desk.user.portfolios.get(name="Just begun").pk
    return [
        Look(path="/?range=all&view=return", name="overview-return", ready="figure canvas"),
        Look(path=f"/?portfolio={begun}", name="overview-first-minutes"),
        Look(path="/portfolio/lots/"),
        Look(path="/portfolio/ledger/"),
        Look(path="/portfolio/performance/", ready="figure canvas"),
        Look(path="/portfolio/risk/"),
        Look(
            path="/portfolio/weights/?symbols=AAPL,MSFT,NVDA,SPY&method=risk_parity&most=60&least=0&days=252",
            name="portfolio-weights",
        ),
        Look(path="/portfolio/transfers/"),
        Look(path="/portfolio/import/"),
        Look(path="/portfolios/"),
        Look(path=f"/portfolio/performance/?portfolio={begun}", name="performance-empty"),
    ]


def _sessions(moment: datetime) -> list[datetime]:
    days = (moment - timedelta(days=back) for back in range(DAYS, 0, -1))
    return [day for day in days if day.weekday() < 5]


def _closes(moment: datetime) -> None:
    """Five symbols that wander in their own ways and end near $100."""
    ways = {"AAPL": (9, 31), "MSFT": (7, 47), "NVDA": (16, 23), "SPY": (5, 61), "TSLA": (13, 37)}
    Bar.objects.bulk_create(
        (
            Bar(
                instrument_id=symbol, timeframe="1d", at=datetime.combine(day.date(), time.min, UTC),
                open=price, high=price + 1, low=price - 1, close=price, source="test",
            )
            for symbol, (swing, period) in ways.items()
            for place, day in enumerate(_sessions(moment))
            for price in [D(round(80 + place / 15 + swing * math.sin(place / period * 6.28 + swing) + place % 3, 2))]
        ),
        ignore_conflicts=True,
    )  # fmt: skip


def _curve(desk: Desk, moment: datetime) -> None:
    """Daily points before those of the last hours."""
    old = [day for day in _sessions(moment) if day < moment - timedelta(days=18)]
    EquityPoint.objects.bulk_create(
        EquityPoint(
            portfolio=desk.portfolio,
            at=datetime.combine(day.date(), time(16), NEW_YORK),
            equity=D(round(101_000 + 70 * place + 4200 * math.sin(place / 19) + 300 * (place % 4), 2)),
            cash=D(100_000),
        )
        for place, day in enumerate(old)
    )
