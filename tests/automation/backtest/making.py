"""Markets, gates and strategies for tests of backtests, without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from automation.backtest.course import Course
from automation.backtest.gating import Gatekeeper, Source
from automation.backtest.market import Market, market_of, names_of
from automation.backtest.strategy_run import Plan, StrategyRun
from automation.replay.bars import Bars
from automation.strategies import base
from automation.triggers.base import SessionTimes
from markets.fill_model import Costs
from safety.models import SafetyPolicy
from safety.policies import as_view
from safety.types import InstrumentView, PolicyView
from tests.orders.making import WIDE

D = Decimal
FIRST = datetime(2024, 1, 1, 14, 30, tzinfo=UTC)
NO_LOSS_LIMITS = {name: D(1000) for name in ("daily_loss_reduce_pct", "daily_loss_halt_pct", "drawdown_halt_pct")}


def policy(**changes: Any) -> PolicyView:
    """Wide limits: only what a test is about can deny."""
    wide = {**WIDE, **NO_LOSS_LIMITS, "price_jump_pct": D(1000), "buying_power_cushion_pct": D(0)}
    return as_view(SafetyPolicy(**{**wide, **changes}))


def daily(symbol: str, rows: Sequence[Any], *, first: int = 0, days: Sequence[int] | None = None) -> Bars:
    """Daily bars of (open, high, low, close), of (open, close), or of one price; on consecutive days unless given."""
    full = [_row(row) for row in rows]
    columns = np.array(full, dtype=np.float64).T.reshape(4, len(full))
    opens = [FIRST + timedelta(days=n) for n in (days if days is not None else range(len(full)))]
    starts = np.array([int(at.timestamp()) for at in opens], dtype=np.int64)
    sessions = tuple(
        SessionTimes(date=at.date(), opens_at=at, closes_at=at + timedelta(minutes=390))
        for at in (FIRST + timedelta(days=n) for n in range(len(full) + 5))
    )
    return Bars(
        symbol=symbol, timeframe="1d", starts=starts, ends=starts + 390 * 60, open=columns[0], high=columns[1],
        low=columns[2], close=columns[3], volume=np.full(len(full), 1000.0), sessions=sessions, first=first,
    )  # fmt: skip


def _row(row: Any) -> tuple[float, float, float, float]:
    if isinstance(row, tuple) and len(row) == 4:
        return row
    opened, closed = row if isinstance(row, tuple) else (row, row)
    return opened, max(opened, closed), min(opened, closed), closed


def walk(symbol: str, size: int, seed: int, *, first: int = 0) -> Bars:
    """A random walk in cents from 100 on."""
    chance = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(chance.normal(0.0002, 0.015, size))), 2)
    opened = np.round(np.concatenate([[100.0], close[:-1]]) * (1 + chance.normal(0, 0.004, size)), 2)
    return daily(symbol, list(zip(opened.tolist(), close.tolist(), strict=True)), first=first)


def columns(market: Market) -> dict[str, base.Bars]:
    """Bars as strategies take them, for symbols that have the same."""
    return {
        symbol: base.Bars(at=names_of(b), open=b.open, high=b.high, low=b.low, close=b.close, volume=b.volume)
        for symbol, b in market.bars.items()
    }


def view(symbol: str, *, fractionable: bool = True) -> InstrumentView:
    return InstrumentView(
        symbol=symbol, active=True, tradable=True, fractionable=fractionable, demo=False, market_open=True
    )


def course(
    bars: Mapping[str, Bars],
    *,
    cash: str = "100000",
    limits: PolicyView | None = None,
    costs: Costs | None = None,
    source: Source = Source.STRATEGY,
    fractionable: bool = True,
    **gate: Any,
) -> Course:
    """An account over a market of these bars."""
    keeper = Gatekeeper(
        policy=limits or policy(),
        instruments={symbol: view(symbol, fractionable=fractionable) for symbol in bars},
        source=source,
        **gate,
    )
    return Course(market_of(bars), cash=D(cash), costs=costs or Costs(), gate=keeper)


class Scripted:
    """A strategy whose signals are given: by symbol, one per bar."""

    key = title = about = "scripted"
    least_symbols = 1
    most_symbols = None
    schema = ()

    def __init__(self, signals: Mapping[str, Sequence[float]]) -> None:
        self.signals = signals

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        return dict(raw)

    def warm_up(self, params: base.Params) -> int:
        return 1

    def generate_signals(self, bars: Mapping[str, base.Bars], params: base.Params) -> dict[str, base.Floats]:
        return {symbol: np.array(self.signals[symbol][: len(b)], dtype=np.float64) for symbol, b in bars.items()}

    def sentence(self, params: base.Params, symbols: Sequence[str]) -> str:
        return "As the script says"


def go(strategy: Any, on: Course, *, fraction: str = "10", **params: Any) -> Course:
    """Run a strategy with a fixed fraction of the equity over the course's market."""
    plan = Plan(
        strategy=strategy, params=strategy.parse(params), sizing={"kind": "fixed_fraction", "fraction": fraction}
    )
    StrategyRun(plan=plan, market=on.market, course=on, columns=columns(on.market)).run()
    return on


def fills(on: Course) -> list[tuple[int, str, str, str]]:
    """(moment, symbol and side, quantity, price) of every trade."""
    return [(t.at, f"{t.side} {t.symbol}", f"{t.quantity.normalize():f}", f"{t.price:.2f}") for t in on.account.trades]


def perturbed(bars: Bars, start: int, seed: int) -> Bars:
    """The same bars with everything from the index `start` on made anew."""
    other = walk(bars.symbol, len(bars), seed)
    joined = {
        name: np.concatenate([getattr(bars, name)[:start], getattr(other, name)[start:]])
        for name in ("open", "high", "low", "close")
    }
    return replace(bars, **joined)
