"""Strategies on a demo market whose sessions end at midnight in New York (05:00 UTC), and bars they judge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from automation.strategies import acting, lifecycle, running, settling
from automation.strategies.models import Strategy, StrategyRun, StrategySignal, StrategySymbol
from markets import calendar
from markets.models import Bar, MarketSession
from tests.orders.making import Desk, quote

DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # the session of 19 November ends, that of the 20th begins
SOON = MIDNIGHT + timedelta(seconds=30)
UP = [100 + n for n in range(12)]
DOWN = [112 - n for n in range(12)]
QUICK = {"lookback": 5}


def open_days(first: date = date(2026, 11, 1), last: date = date(2026, 12, 10)) -> None:
    MarketSession.objects.bulk_create(calendar.demo_sessions(first, last), ignore_conflicts=True)
    calendar.forget()


def daily(symbol: str, closes: list[float], *, last: date = date(2026, 11, 19), skip: int | None = None) -> None:
    """Daily bars that end on `last`; `skip` leaves out the one so many days before it."""
    rows = []
    for back, close in enumerate(reversed(closes)):
        if back == skip:
            continue
        at = datetime(last.year, last.month, last.day, tzinfo=UTC) - back * DAY
        price = Decimal(str(close))
        rows.append(
            Bar(
                instrument_id=symbol, timeframe="1d", at=at, open=price, high=price, low=price, close=price,
                volume=1000, source="test",
            )
        )  # fmt: skip
    Bar.objects.bulk_create(rows)


def strategy(desk: Desk, *, now: datetime = MIDNIGHT - timedelta(hours=1), **changes: Any) -> Strategy:
    """Momentum over five bars on AAPL, 4 % of the equity, in mode monitor."""
    data: dict[str, Any] = {"strategy_type": "momentum", "symbols": ["AAPL"], "params": QUICK, **changes}
    return lifecycle.create_strategy(user=desk.user, data=data, now=now, actor="ada")


def trading(desk: Desk, **changes: Any) -> Strategy:
    """The same that trades, against the evidence."""
    return strategy(desk, mode="auto_trade", override="this is a test of trading", **changes)


def judge(made: Strategy, *, at: datetime = SOON) -> StrategyRun | None:
    """One run by the clock."""
    made.refresh_from_db()
    return running.run(made, at)


def carry_out(*, at: datetime = SOON, **prices: str) -> None:
    """Quotes arrive, what waits is carried out and settled."""
    for symbol, price in prices.items():
        quote(symbol, price, at=at)
    acting.act_due(at)
    settling.settle(at)


def signals(made: Strategy) -> list[StrategySignal]:
    return list(StrategySignal.objects.filter(strategy=made).order_by("bar_at", "instrument_id"))


def standing(made: Strategy, symbol: str = "AAPL") -> StrategySymbol:
    return StrategySymbol.objects.get(strategy=made, instrument=symbol)
