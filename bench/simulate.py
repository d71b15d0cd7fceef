"""How many bars a second a rule is replayed over, and the same rules on the same bars in backtesting.py and bt.

Those two are installed into a throw-away environment for the run (`requirements-bench.txt`); without a network only
our own figures are printed. Processor time of one core, on arrays in memory, curve and drawdown included.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from automation.models import Action
from automation.replay.bars import Bars
from automation.replay.book import Terms
from automation.replay.curves import curves_of
from automation.replay.engine import Replay, replay
from automation.replay.feeds import Tape
from automation.triggers.base import SessionTimes
from automation.triggers.registry import TRIGGERS

HERE = Path(__file__).parent
CASH = Decimal(1_000_000)
MINUTES = 390  # of a session
# Each rule as ours and as the others say it: buy 10 at the first price at or below the level, or sell a held position
# of 10 when it has fallen that far from its high.
RULES: dict[str, tuple[str, dict[str, Any]]] = {
    "level": ("price_below", {"threshold": "92"}),
    "trailing": ("trailing_stop", {"percent": "18"}),
}


def made_bars(symbol: str, timeframe: str, sessions: int, seed: int) -> Bars:
    """A random walk with opens, highs and lows around it; cents, like a stock of 100 dollars."""
    chance = np.random.default_rng(seed)
    size = sessions * (MINUTES if timeframe == "1m" else 1)
    scatter = 0.012 if timeframe == "1d" else 0.0006
    close = np.round(100 * np.exp(np.cumsum(chance.normal(0, scatter, size))), 2)
    opened = np.round(np.concatenate([[100.0], close[:-1]]) * (1 + chance.normal(0, scatter / 4, size)), 2)
    high = np.round(np.maximum(opened, close) * (1 + np.abs(chance.normal(0, scatter / 2, size))), 2)
    low = np.round(np.minimum(opened, close) * (1 - np.abs(chance.normal(0, scatter / 2, size))), 2)
    first = datetime(2016, 1, 4, 14, 30, tzinfo=UTC)
    opens = [first + timedelta(days=n + 2 * (n // 5)) for n in range(sessions)]
    times = tuple(SessionTimes(date=o.date(), opens_at=o, closes_at=o + timedelta(minutes=MINUTES)) for o in opens)
    begins = np.array([int(o.timestamp()) for o in opens], dtype=np.int64)
    starts = begins if timeframe == "1d" else (begins[:, None] + 60 * np.arange(MINUTES)[None, :]).reshape(-1)
    return Bars(
        symbol=symbol, timeframe=timeframe, starts=starts, ends=starts + 60 * (MINUTES if timeframe == "1d" else 1),
        open=opened, high=high, low=low, close=close, volume=np.full(size, 1000.0), sessions=times,
    )  # fmt: skip


def rule(name: str) -> Action:
    kind, params = RULES[name]
    selling = name == "trailing"
    return Action(
        id=uuid4(), user_id=1, portfolio_id=uuid4(), action_type="SELL" if selling else "BUY", instrument_id="S",
        quantity=Decimal(10), trigger_type=kind, trigger_params=TRIGGERS[kind].parse(params), max_executions=1,
        order_type="market", time_in_force="gtc",
    )  # fmt: skip


def one(action: Action, bars: Bars, terms: Terms) -> tuple[Replay, float]:
    """A replay with its curve and figures, as the product makes them."""
    done = replay(action, Tape(bars=bars, daily=bars), terms)
    curves = curves_of(bars, done.terms, done.changes)
    return done, curves.drawdown_percent + curves.exposure_percent + float(curves.equity[-1]) + float(curves.hold[-1])


def measure(name: str, tapes: Sequence[Bars], repeats: int) -> tuple[float, int]:
    """The best bars per second of processor time over `repeats` runs, and how many fired."""
    action = rule(name)
    terms = Terms(cash=CASH, shares=Decimal(10 if name == "trailing" else 0))
    best, fired = 0.0, 0
    for _ in range(repeats):
        began = time.process_time()
        fired = sum(len(one(action, bars, terms)[0].firings) for bars in tapes)
        best = max(best, sum(len(bars) for bars in tapes) / (time.process_time() - began))
    return best, fired


def run(*, quick: bool) -> list[dict[str, Any]]:
    repeats = 3 if quick else 7
    year = [made_bars("S", "1m", 252, 2)]
    decade = [made_bars("S", "1d", 2520, 5)]
    many = [made_bars("S", "1d", 2520, 100 + n) for n in range(50 if quick else 500)]
    others = Others(quick=quick)
    rows = []
    for label, tapes in (
        ("1 year of minutes", year),
        ("10 years of days", decade),
        (f"10 years, {len(many)} symbols", many),
    ):
        for name in RULES:
            speed, fired = measure(name, tapes, repeats if len(tapes) > 1 else repeats * 20)
            row: dict[str, Any] = {"bars": label, "rule": name, "count": sum(map(len, tapes)), "fired": fired}
            row["ours M bars/s"] = round(speed / 1e6, 3)
            rows.append(row | (others.compare(name, tapes[0], speed) if len(tapes) == 1 else {}))
    others.close()
    return rows


class Others:
    """backtesting.py and bt in an environment of their own, one subprocess per comparison."""

    def __init__(self, *, quick: bool) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="puffling-bench-")
        self.quick = quick
        self.python = self._install()

    def _install(self) -> Path | None:
        python = Path(self.folder.name) / "venv" / "bin" / "python"
        steps = (
            [sys.executable, "-m", "venv", str(python.parent.parent)],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r",
             str(HERE.parent / "requirements-bench.txt")],
        )  # fmt: skip
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True)
            if done.returncode:
                print(
                    f"  backtesting.py and bt cannot be installed, so only ours are shown: {done.stderr[-300:].strip()}"
                )
                return None
        return python

    def compare(self, name: str, bars: Bars, ours: float) -> dict[str, Any]:
        """Their speed, and whether they made the same trades: bar, side and size."""
        if self.python is None:
            return {}
        data = Path(self.folder.name) / "data.npz"
        np.savez(data, starts=bars.starts, open=bars.open, high=bars.high, low=bars.low, close=bars.close)
        made, _ = one(rule(name), bars, Terms(cash=CASH, shares=Decimal(10 if name == "trailing" else 0)))
        mine = [[change.bar, float(change.shares)] for change in made.changes]
        cells: dict[str, Any] = {}
        for other in ("backtesting", "bt"):
            command = [
                str(self.python),
                str(HERE / "simulate_others.py"),
                other,
                name,
                str(data),
                "1" if self.quick else "3",
            ]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{other} failed: {done.stderr[-1500:]}")
            answer = json.loads(done.stdout.splitlines()[-1])
            if answer["trades"] != mine:
                raise RuntimeError(f"{other} traded {answer['trades']}, we {mine}")
            cells[f"{other} M bars/s"] = round(answer["speed"] / 1e6, 4)
            cells[f"x {other}"] = round(ours / answer["speed"])
        return {**cells, "same trades": "yes"}

    def close(self) -> None:
        self.folder.cleanup()
