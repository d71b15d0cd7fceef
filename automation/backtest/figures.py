"""What a backtest comes to in figures: return, risk, exposure, turnover, costs. Plain Python and numpy.

Ratios and growth rates are those of `portfolios.measuring`, from one return a day; percent values are percent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from automation.backtest.account import Trade
from automation.backtest.market import DAY, Market
from automation.replay.bars import Floats, exact
from common.money import CENT, ZERO, plain
from portfolios.measuring import drawdowns, ratios, returns
from portfolios.measuring.figures import Figure, known

NAMES = (
    "net_result", "return_percent", "cagr_percent", "volatility_percent", "sharpe", "sortino", "max_drawdown_percent",
    "exposure_percent", "turnover_per_year", "trades", "win_rate_percent", "costs", "denied",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Daily:
    """Dollars at the last close of each day, `start` before the first."""

    dates: tuple[date, ...]
    equity: Floats
    start: float

    @property
    def index(self) -> Floats:
        return self.equity / self.start

    @property
    def returns(self) -> Floats:
        """Day to day, the first against the start."""
        before = np.concatenate([[self.start], self.equity[:-1]])
        return np.divide(self.equity, before, out=np.ones_like(self.equity), where=before > 0) - 1.0

    @property
    def days(self) -> int:
        """Calendar days, both ends included."""
        return (self.dates[-1] - self.dates[0]).days + 1 if self.dates else 0


def daily_of(market: Market, equity: Floats, start: float) -> Daily:
    """A curve over the moments from `market.first` on as one value a day."""
    names = market.at[market.first :] // DAY
    last = np.flatnonzero(np.concatenate([names[1:] != names[:-1], [True]])[: len(names)])
    dates = tuple(datetime.fromtimestamp(int(names[i]) * DAY, UTC).date() for i in last)
    return Daily(dates=dates, equity=np.asarray(equity[last], dtype=np.float64), start=start)


def measures(daily: Daily, benchmark: Daily | None = None) -> dict[str, Any]:
    """Figures of a curve alone. What cannot be told is None, and why is in `unknown`."""
    total = known(float(daily.equity[-1]) / daily.start - 1.0) if len(daily.equity) else known(0.0)
    fall = drawdowns.deepest(daily.dates, daily.index)
    growth = returns.annual_growth(total.value or 0.0, daily.days)
    day_by_day = daily.returns
    figures: dict[str, Figure] = {
        "return_percent": _times100(total),
        "cagr_percent": _times100(growth),
        "volatility_percent": _times100(ratios.volatility(day_by_day)),
        "sharpe": ratios.sharpe(day_by_day),
        "sortino": ratios.sortino(day_by_day),
        "calmar": ratios.calmar(growth, fall.depth if fall else 0.0),
        "max_drawdown_percent": known(100 * fall.depth if fall else 0.0),
    }
    if benchmark is not None:
        figures |= {
            "beta": ratios.beta(day_by_day, benchmark.returns),
            "alpha_percent": _times100(ratios.alpha(day_by_day, benchmark.returns)),
            "correlation": ratios.correlation(day_by_day, benchmark.returns),
        }
    end = float(daily.equity[-1]) if len(daily.equity) else daily.start
    return {
        "net_result": money(end - daily.start),
        "end_equity": money(end),
        **{name: None if figure.value is None else rounded(figure.value) for name, figure in figures.items()},
        "drawdown": None if fall is None else {
            "peak": fall.peak.isoformat(), "trough": fall.trough.isoformat(),
            "recovered": fall.recovered.isoformat() if fall.recovered else None, "days": fall.days,
        },
        "unknown": {name: figure.reason for name, figure in figures.items() if figure.value is None},
    }  # fmt: skip


def traded(trades: Sequence[Trade], *, invested: Floats, equity: Floats, years: float) -> dict[str, Any]:
    """Figures of what was traded. A win is a sale that gained, first in first out, after costs."""
    sales = [trade for trade in trades if trade.side == "sell"]
    bought = sum((trade.quantity * trade.price for trade in trades if trade.side == "buy"), ZERO)
    sold = sum((trade.quantity * trade.price for trade in sales), ZERO)
    average = float(equity.mean()) if len(equity) else 0.0
    wins = sum(trade.gain > ZERO for trade in sales)
    return {
        "trades": len(trades),
        "closed": len(sales),
        "winners": wins,
        "losers": sum(trade.gain < ZERO for trade in sales),
        "win_rate_percent": rounded(100 * wins / len(sales)) if sales else None,
        "exposure_percent": rounded(100 * float(_share(invested, equity).mean())) if len(equity) else "0",
        "turnover_per_year": rounded(float(bought + sold) / 2 / average / years) if average > 0 and years > 0 else None,
        "costs": money(float(costs_of(trades))),
        "fees": money(float(sum((trade.fee for trade in trades), ZERO))),
    }


def costs_of(trades: Sequence[Trade]) -> Decimal:
    """Fees and what slippage took, in dollars."""
    return sum((trade.fee + trade.slipped for trade in trades), ZERO)


def in_parts(daily: Daily, parts: int) -> list[float]:
    """The return of each of `parts` equally long stretches, 0.1 is 10 %."""
    edges = np.linspace(0, len(daily.equity), parts + 1).astype(int)
    levels = np.concatenate([[daily.start], daily.equity])
    return [float(levels[end] / levels[begin] - 1.0) if levels[begin] > 0 else 0.0
            for begin, end in pairwise(edges)]  # fmt: skip


def by_month(daily: Daily) -> list[dict[str, str]]:
    """The return of each calendar month, oldest first; of the first and the last as far as they are in the period."""
    rows, before = [], daily.start
    for index, day in enumerate(daily.dates):
        last = index + 1 == len(daily.dates) or daily.dates[index + 1].month != day.month
        if not last:
            continue
        level = float(daily.equity[index])
        change = 100 * (level / before - 1.0) if before > 0 else 0.0
        rows.append({"month": f"{day:%Y-%m}", "return_percent": rounded(change)})
        before = level
    return rows


def money(value: float) -> str:
    return plain(exact(value).quantize(CENT))


def rounded(value: float) -> str:
    """At most four places."""
    return plain(exact(round(value, 4)) + ZERO)


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _times100(figure: Figure) -> Figure:
    return figure if figure.value is None else known(figure.value * 100)


def pick(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that runs are compared by."""
    return {name: summary.get(name) for name in NAMES}
