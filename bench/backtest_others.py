"""The strategy of `bench.backtest` said to backtesting.py. Runs in its environment, prints one line of JSON.

python backtest_others.py data.npz REPEATS
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

SHORT, LONG, SHARE = 20, 50, 0.1
CASH = 1_000_000


def average(values: np.ndarray, period: int) -> np.ndarray:
    """The plain average, to 9 places as ours."""
    return pd.Series(values).rolling(period).mean().round(9).to_numpy()


class Cross(Strategy):
    def init(self) -> None:
        self.short = self.I(average, self.data.Close, SHORT)
        self.long = self.I(average, self.data.Close, LONG)

    def next(self) -> None:
        if self.short[-1] > self.long[-1]:
            if not self.position:
                self.buy(size=SHARE)
        elif self.position:
            self.position.close()


def main() -> None:
    warnings.simplefilter("ignore")
    path, repeats = sys.argv[1:3]
    with np.load(path) as loaded:
        data = {name: loaded[name] for name in loaded.files}
    index = pd.to_datetime(data["starts"], unit="s")
    frame = pd.DataFrame({name.capitalize(): data[name] for name in ("open", "high", "low", "close")}, index=index)
    seconds = 1e9
    for _ in range(int(repeats)):
        test = Backtest(frame, Cross, cash=CASH, spread=0.0, commission=0.0, trade_on_close=False)
        began = time.process_time()
        found = test.run()
        seconds = min(seconds, time.process_time() - began)
    closed = found._trades
    trades = [[int(t.EntryBar), float(t.Size), float(t.EntryPrice)] for t in closed.itertuples()]
    trades += [[int(t.ExitBar), -float(t.Size), float(t.ExitPrice)] for t in closed.itertuples()]
    trades += [[int(t.entry_bar), float(t.size), float(t.entry_price)] for t in found._strategy.trades]
    equity = float(found["Equity Final [$]"])
    print(json.dumps({"speed": len(index) / seconds, "trades": sorted(trades), "equity": equity}))


if __name__ == "__main__":
    main()
