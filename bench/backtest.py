"""How many bars a second a strategy is tested over, and the same strategy on the same bars in backtesting.py.

Both hold a symbol with a tenth of the equity, in whole shares, while its 20-day average is above its 50-day one; both
decide at a close and trade at the next open. backtesting.py is told no spread and no commission, and our slippage and
fees are 0: its commission is not rounded to the cent and ours is, as brokers do, and then sizes would differ by a share
here and there. Prices are whole cents. The gate judges every one of our orders, under limits that let them pass.

backtesting.py is installed into a throw-away environment (`requirements-bench.txt`); without a network only ours are
printed. Processor time of one core, on arrays in memory, equity curve included. A portfolio of 500 symbols is one
account of ours; backtesting.py knows one symbol at a time, so it has no figure there.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from automation.backtest.course import Course
from automation.backtest.gating import Gatekeeper, Source
from automation.backtest.market import market_of, names_of
from automation.backtest.strategy_run import Plan, StrategyRun
from automation.replay.bars import Bars
from automation.strategies import base
from automation.strategies.ma_cross import MA_CROSS
from bench.simulate import Others, made_bars
from markets.fill_model import Costs
from safety.models import SafetyPolicy
from safety.policies import as_view
from safety.types import InstrumentView, PolicyView

HERE = Path(__file__).parent
CASH = Decimal(1_000_000)
SHORT, LONG = 20, 50
SESSIONS = 2520
WIDE = {
    "max_daily_trades": 1_000_000, "max_open_orders": 1_000_000, "duplicate_window_seconds": 0,
    **dict.fromkeys(
        (
            "max_position_pct", "max_order_notional_pct", "max_gross_pct", "daily_turnover_pct", "large_order_pct",
            "daily_loss_reduce_pct", "daily_loss_halt_pct", "drawdown_halt_pct", "price_jump_pct",
        ),
        Decimal(1000),
    ),
}  # fmt: skip


def wide() -> PolicyView:
    """Limits that deny nothing here; every check is made all the same."""
    return as_view(SafetyPolicy(**WIDE))


def plan(share: Decimal) -> Plan:
    return Plan(
        strategy=MA_CROSS,
        params=MA_CROSS.parse({"short": SHORT, "long": LONG}),
        sizing={"kind": "fixed_fraction", "fraction": str(share)},
    )


def one(bars: Mapping[str, Bars], share: Decimal, policy: PolicyView) -> Course:
    """A backtest as the product makes it, from arrays on."""
    market = market_of(bars)
    views = {
        symbol: InstrumentView(
            symbol=symbol, active=True, tradable=True, fractionable=False, demo=False, market_open=True
        )
        for symbol in bars
    }
    gate = Gatekeeper(policy=policy, instruments=views, source=Source.STRATEGY)
    course = Course(market, cash=CASH, costs=Costs(), gate=gate)
    columns = {
        symbol: base.Bars(at=names_of(b), open=b.open, high=b.high, low=b.low, close=b.close, volume=b.volume)
        for symbol, b in bars.items()
    }
    StrategyRun(plan=plan(share), market=market, course=course, columns=columns).run()
    return course


def run(*, quick: bool) -> list[dict[str, Any]]:
    policy = wide()
    single = {"S": made_bars("S", "1d", SESSIONS, 5)}
    many = {f"S{n}": made_bars(f"S{n}", "1d", SESSIONS, 100 + n) for n in range(50 if quick else 500)}
    others = Others(quick=quick)
    rows = []
    for label, bars, repeats in (
        ("10 years of days", single, 20 if quick else 100),
        (f"10 years, {len(many)} symbols, one account", many, 1),
    ):
        best = 0.0
        for _ in range(repeats):
            began = time.process_time()
            done = one(bars, Decimal(10) if len(bars) == 1 else Decimal(95) / len(bars), policy)
            best = max(best, done.market.count() / (time.process_time() - began))
        row: dict[str, Any] = {
            "bars": label,
            "count": done.market.count(),
            "orders judged": done.gate.judged,
            "trades": len(done.account.trades),
            "ours M bars/s": round(best / 1e6, 3),
        }
        rows.append(row | (compare(others, bars["S"], done, best) if len(bars) == 1 else {}))
    others.close()
    return rows


def compare(others: Others, bars: Bars, done: Course, ours: float) -> dict[str, Any]:
    """backtesting.py's speed, and that it traded the same shares at the same prices in the same bars."""
    if others.python is None:
        return {}
    data = Path(others.folder.name) / "backtest.npz"
    np.savez(data, starts=bars.starts, open=bars.open, high=bars.high, low=bars.low, close=bars.close)
    command = [str(others.python), str(HERE / "backtest_others.py"), str(data), "3" if others.quick else "7"]
    told = subprocess.run(command, capture_output=True, text=True)
    if told.returncode:
        raise RuntimeError(f"backtesting.py failed: {told.stderr[-1500:]}")
    answer = json.loads(told.stdout.splitlines()[-1])
    mine = [[trade.at, float(trade.shares), float(trade.price)] for trade in done.account.trades]
    if answer["trades"] != mine:
        raise RuntimeError(f"backtesting.py traded {answer['trades'][:6]}, we {mine[:6]}")
    if abs(answer["equity"] - float(done.equity[-1])) > 0.01:
        raise RuntimeError(f"backtesting.py ended with {answer['equity']}, we with {done.equity[-1]}")
    return {
        "backtesting.py M bars/s": round(answer["speed"] / 1e6, 4),
        "x": round(ours / answer["speed"], 1),
        "same trades": "yes",
    }
