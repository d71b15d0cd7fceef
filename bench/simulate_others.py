"""The rules of `bench.simulate` said to backtesting.py and to bt. Runs in their environment, prints one line of JSON.

python simulate_others.py backtesting|bt level|trailing data.npz REPEATS
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd

LEVEL, TRAIL, SHARES = 92.0, 0.18, 10
CASH = 1_000_000
Trades = list[list[float]]  # [bar, shares], sales negative


def with_backtesting(rule: str, data: dict[str, np.ndarray]) -> tuple[Trades, float]:
    from backtesting import Backtest, Strategy

    class Level(Strategy):
        def init(self) -> None:
            self.asked = False

        def next(self) -> None:
            if not self.asked:
                self.buy(size=SHARES, limit=LEVEL)
                self.asked = True

    class Trailing(Strategy):
        """It cannot begin with a holding: bought at the first chance, its stop follows from then on."""

        def init(self) -> None:
            self.peak = float(self.data.Close[0])
            self.asked = False

        def next(self) -> None:
            self.peak = max(self.peak, float(self.data.High[-1]))
            if not self.asked:
                self.buy(size=SHARES)
                self.asked = True
            for trade in self.trades:
                trade.sl = self.peak * (1 - TRAIL)

    index = pd.to_datetime(data["starts"], unit="s")
    frame = pd.DataFrame({name.capitalize(): data[name] for name in ("open", "high", "low", "close")}, index=index)
    test = Backtest(frame, Level if rule == "level" else Trailing, cash=CASH)
    began = time.process_time()
    found = test.run()
    seconds = time.process_time() - began
    trades = found._trades if rule == "trailing" else pd.concat([found._trades, open_trades(found)])
    if rule == "level":
        return [[int(bar), float(size)] for bar, size in zip(trades.EntryBar, trades.Size, strict=True)], seconds
    return [[int(bar), -float(size)] for bar, size in zip(trades.ExitBar, trades.Size, strict=True)], seconds


def open_trades(found: Any) -> pd.DataFrame:
    """Trades still open at the end, which are not in the table."""
    still = list(found._strategy.trades)
    return pd.DataFrame({"EntryBar": [t.entry_bar for t in still], "Size": [t.size for t in still]})


def with_bt(rule: str, data: dict[str, np.ndarray]) -> tuple[Trades, float]:
    import bt

    index = pd.to_datetime(data["starts"], unit="s")
    low = pd.Series(data["low"], index=index)
    high = pd.Series(data["high"], index=index)
    bars = {moment: bar for bar, moment in enumerate(index)}
    trades: Trades = []

    class Level(bt.Algo):
        def __call__(self, target: Any) -> bool:
            if not trades and target.now in bars and low[target.now] <= LEVEL:
                target.transact(SHARES, child="S")
                trades.append([bars[target.now], SHARES])
            return True

    class Trailing(bt.Algo):
        held, peak = False, 0.0

        def __call__(self, target: Any) -> bool:
            if target.now not in bars or trades:
                return True
            if not self.held:
                target.transact(SHARES, child="S")
                self.held, self.peak = True, float(data["close"][0])
                return True
            if low[target.now] <= self.peak * (1 - TRAIL):
                target.transact(-SHARES, child="S")
                trades.append([bars[target.now], -SHARES])
            self.peak = max(self.peak, high[target.now])
            return True

    prices = pd.DataFrame({"S": data["close"]}, index=index)
    algo = Level() if rule == "level" else Trailing()
    test = bt.Backtest(bt.Strategy("rule", [algo], children=["S"]), prices, initial_capital=CASH, progress_bar=False)
    began = time.process_time()
    bt.run(test)
    return trades, time.process_time() - began


def main() -> None:
    warnings.simplefilter("ignore")
    other, rule, path, repeats = sys.argv[1:5]
    with np.load(path) as loaded:
        data = {name: loaded[name] for name in loaded.files}
    run = with_backtesting if other == "backtesting" else with_bt
    seconds, trades = 1e9, []
    for _ in range(int(repeats) if len(data["starts"]) < 10_000 else 1):
        trades, took = run(rule, data)
        seconds = min(seconds, took)
    print(json.dumps({"speed": len(data["starts"]) / seconds, "trades": trades}))


if __name__ == "__main__":
    main()
