"""Live and backtest over the same data: the same targets, orders, quantities, prices and denials.

The live side is the whole road: bars stored day by day, strategies judged, orders placed through the gate, filled by
the paper broker, on a real database with the clock moved from open to open of a market without holidays.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from automation.backtest import answering
from automation.backtest.running import question_of
from automation.backtest.subjects import goal_of, strategy_of
from automation.rebalancing import stepping
from automation.rebalancing.models import Cause
from automation.rebalancing.starting import Wish, start_run
from automation.strategies import acting, running, settling
from automation.strategies.lifecycle import create_strategy
from automation.strategies.models import Strategy
from brokers.models import BrokerAccount
from common.ids import new_id
from markets import calendar
from markets.bars import replace_bars
from markets.models import MarketSession
from markets.types import BarRow
from orders.matching import match_paper
from orders.models import Fill, Order
from portfolios.goals.reading import drift
from portfolios.models import Portfolio, PortfolioGoal
from tests.orders.making import Desk, open_desk, open_market, quote

pytestmark = pytest.mark.django_db
D = Decimal
S = timedelta(seconds=1)
SYMBOLS = ("AAPL", "MSFT", "NVDA")
FIRST = date(2026, 9, 1)
DAYS, BEGIN = 44, 10  # days of bars; the first ones are history


class Days:
    """A day by day history of three symbols in cents, drawn with a seed."""

    def __init__(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self.close = np.round(100 * np.exp(np.cumsum(chance.normal(0, 0.03, (len(SYMBOLS), DAYS)), axis=1)), 2)
        before = np.concatenate([np.full((len(SYMBOLS), 1), 100.0), self.close[:, :-1]], axis=1)
        self.open = np.round(before * (1 + chance.normal(0, 0.01, (len(SYMBOLS), DAYS))), 2)
        sessions = calendar.demo_sessions(FIRST - timedelta(days=3), FIRST + timedelta(days=DAYS + 5))
        MarketSession.objects.bulk_create(sessions, ignore_conflicts=True)
        calendar.forget()
        self.opens = {session.date: session.opens_at for session in sessions}

    def opening(self, day: int) -> datetime:
        return self.opens[FIRST + timedelta(days=day)]

    def store(self, day: int) -> None:
        """The bars of one day, complete."""
        at = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC)
        rows = []
        for row, symbol in enumerate(SYMBOLS):
            opened, close = (D(repr(float(part[row, day]))) for part in (self.open, self.close))
            rows.append(
                BarRow(
                    symbol=symbol,
                    timeframe="1d",
                    at=at,
                    open=opened,
                    high=max(opened, close),
                    low=min(opened, close),
                    close=close,
                    volume=D(100),
                    source="test",
                )
            )
        replace_bars(rows)

    def quote(self, day: int, now: datetime) -> None:
        for row, symbol in enumerate(SYMBOLS):
            quote(symbol, repr(float(self.open[row, day])), at=now, spread="0")


@pytest.fixture
def days(db: None) -> Days:
    open_market()
    made = Days(11)
    for day in range(BEGIN):
        made.store(day)
    return made


def a_desk(days: Days, **limits: Any) -> Desk:
    # Live, losses are measured from a curve that is drawn every minute; here nothing draws it.
    no_loss_limits = {"daily_loss_reduce_pct": 1000, "daily_loss_halt_pct": 1000, "drawdown_halt_pct": 1000}
    desk = open_desk("ada", now=days.opening(BEGIN) - S, **no_loss_limits, **limits)
    BrokerAccount.objects.filter(pk=desk.account.pk).update(slippage_bps=20, fee_per_order=1)
    desk.account.refresh_from_db()
    return desk


def live_fills(desk: Desk) -> list[tuple[str, str, str, str, str]]:
    """(date, side, symbol, shares, price), in the order of the orders' days."""
    fills = Fill.objects.filter(order__portfolio=desk.portfolio).select_related("order")
    return sorted(
        (f"{fill.at + timedelta(hours=12):%Y-%m-%d}", fill.order.side, fill.order.instrument_id,
         f"{fill.quantity.normalize():f}", f"{fill.price.normalize():f}")
        for fill in fills
    )  # fmt: skip


def backtest_fills(result: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    return sorted(
        (
            f"{datetime.fromisoformat(one['at']) + timedelta(hours=12):%Y-%m-%d}",
            one["side"],
            one["symbol"],
            one["quantity"],
            one["price"],
        )
        for one in result["trades"]
    )


def in_a_backtest(desk: Desk, subject: Any, days: Days, **asked: Any) -> dict[str, Any]:
    """The same days as a backtest."""
    last = f"{FIRST + timedelta(days=DAYS - 1):%Y-%m-%d}"
    begin = f"{FIRST + timedelta(days=BEGIN):%Y-%m-%d}"
    now = days.opening(DAYS) + S
    question = question_of(subject, {"from": begin, "to": last, **asked}, now)
    case = answering.prepare(
        kind=subject.kind, spec=subject.spec, symbols=subject.symbols, portfolio=subject.portfolio,
        question=question, now=now,
    )  # fmt: skip
    return answering.answer(case)


STRATEGIES: dict[str, dict[str, Any]] = {
    "ma_cross": {"params": {"short": 2, "long": 5}, "sizing": {"kind": "fixed_fraction", "fraction": "30"}},
    "rsi": {"params": {"period": 3}, "sizing": {"kind": "volatility_target", "target": "10", "window": 5, "cap": "40"}},
    "rotation": {"params": {}, "sizing": {"kind": "fixed_fraction", "fraction": "90"}},
}


def run_strategy_live(desk: Desk, days: Days, kind: str) -> Strategy:
    made = create_strategy(
        user=desk.user, data={"strategy_type": kind, "symbols": list(SYMBOLS), **STRATEGIES[kind]},
        now=days.opening(BEGIN) - S, actor="ada",
    )  # fmt: skip
    Strategy.objects.filter(pk=made.pk).update(mode="auto_trade")
    for day in range(BEGIN, DAYS):
        now = days.opening(day) + S
        days.quote(day, now)
        running.run_due(now)
        for turn in range(4):  # sales, then purchases
            at = now + turn * S
            if not acting.act_due(at):
                break
            match_paper(now=at)
            settling.settle(at)
        days.store(day)
    return made


@pytest.mark.parametrize("kind", ["ma_cross", "rsi"])
def test_a_strategy_trades_as_it_does_live(days: Days, kind: str) -> None:
    desk = a_desk(days)
    strategy = run_strategy_live(desk, days, kind)
    result = in_a_backtest(desk, strategy_of(desk.user, strategy.pk), days)
    live = live_fills(desk)
    assert len(live) >= 5
    assert backtest_fills(result) == live
    desk.portfolio.refresh_from_db()
    assert D(result["end_cash"]) == desk.portfolio.cash
    held = {h.instrument_id: h.quantity for h in desk.portfolio.holdings.filter(quantity__gt=0)}
    assert {one["symbol"]: D(one["shares"]) for one in result["positions"]} == held


def test_a_strategy_is_denied_as_it_is_live(days: Days) -> None:
    desk = a_desk(days, max_position_pct=D(29), max_daily_trades=1)
    strategy = run_strategy_live(desk, days, "ma_cross")
    result = in_a_backtest(desk, strategy_of(desk.user, strategy.pk), days)
    assert backtest_fills(result) == live_fills(desk)
    live: dict[str, int] = {}
    for code in Order.objects.filter(portfolio=desk.portfolio, state="blocked").values_list("reason_code", flat=True):
        live[code] = live.get(code, 0) + 1
    assert live
    assert result["denials"]["codes"] == live


def run_goal_live(desk: Desk, days: Days, goal: PortfolioGoal) -> int:
    """What is outside its band at a close is rebalanced at the next open. Returns the runs."""
    runs = 0
    for day in range(BEGIN, DAYS):
        now = days.opening(day) + S
        if day > BEGIN:
            for row, symbol in enumerate(SYMBOLS):  # the close of the day before stands until the open
                quote(symbol, repr(float(days.close[row, day - 1])), at=now - 2 * S, spread="0")
        outside = drift(PortfolioGoal.objects.select_related("portfolio").get(pk=goal.pk), now).needs_rebalancing
        days.quote(day, now)
        days.store(day)
        if not outside:
            continue
        wish = Wish(
            portfolio_id=desk.portfolio.pk, cause=Cause.AUTO, actor="test", key=str(new_id()), force=False,
            goal=PortfolioGoal.objects.select_related("portfolio").get(pk=goal.pk),
        )  # fmt: skip
        run = start_run(wish, now=now)
        for turn in range(6):
            at = now + turn * S
            stepping.advance(now=at, run_ids=[run.pk])
            match_paper(now=at)
        run.refresh_from_db()
        runs += run.legs.exists()
    return runs


def test_a_goal_is_rebalanced_as_it_is_live(days: Days) -> None:
    desk = a_desk(days)
    days.quote(BEGIN, days.opening(BEGIN) - S)
    goal = PortfolioGoal.objects.create(
        portfolio=desk.portfolio, name="Core", target_weights={"AAPL": "0.5", "MSFT": "0.3", "NVDA": "0.2"},
        drift_threshold=D("0.02"), created_at=days.opening(BEGIN) - S, updated_at=days.opening(BEGIN) - S,
    )  # fmt: skip
    for row, symbol in enumerate(SYMBOLS):
        quote(symbol, repr(float(days.close[row, BEGIN - 1])), at=days.opening(BEGIN) - S, spread="0")
    runs = run_goal_live(desk, days, goal)
    result = in_a_backtest(desk, goal_of(desk.user, goal.pk), days)
    assert runs > 3
    assert backtest_fills(result) == live_fills(desk)
    assert result["goal"]["rebalanced"] == runs
    assert D(result["end_cash"]) == Portfolio.objects.get(pk=desk.portfolio.pk).cash
