"""The report on how a portfolio did in a period: figures, months, drawdowns, trades, contributions, benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import numpy as np

from portfolios.lots import EXCHANGE_ZONE
from portfolios.measuring.drawdowns import Drawdown, drawdowns, underwater
from portfolios.measuring.figures import Figure
from portfolios.measuring.periods import ALL, start_of
from portfolios.measuring.returns import Daily, monthly, yearly
from portfolios.measuring.summarising import Beside, Figures, Money, beside, comparison, key_figures, money
from portfolios.measuring.trades import Trades
from portfolios.models import Portfolio
from portfolios.performance.benchmarks import levels_of
from portfolios.performance.contributions import Contribution, contributions_of, trades_of
from portfolios.performance.history import daily_of
from portfolios.risk.reading import positions_of

MOST_DRAWDOWNS = 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared:
    """The benchmark; `pair` is None if there is nothing to compare, and `reason` says why."""

    symbol: str
    figures: Figures
    pair: Beside | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Performance:
    """One portfolio, one period. `money` is None while nothing was recorded."""

    period: str
    as_of: datetime
    risk_free: float
    daily: Daily
    figures: Figures
    money: Money | None
    months: list[tuple[int, int, float]]
    years: Mapping[int, float]
    drawdowns: list[Drawdown]
    benchmark: Compared
    trades: Trades
    contributions: list[Contribution]
    other_gain: float | None  # what no holding explains: interest, fees of the account, prices between two records

    def curve(self) -> list[dict[str, Any]]:
        """One entry a session: equity, growth of a dollar, of one in the benchmark, and how far below the high."""
        below = underwater(self.daily.index)
        pair = self.benchmark.pair
        theirs: list[float | None] = [None] * len(self.daily)
        if pair is not None:  # on the scale of the account's curve at their first common date
            level = float(self.daily.index[pair.first])
            theirs[pair.first :] = (pair.index * level).tolist()
        columns = (self.daily.dates, self.daily.equity.tolist(), self.daily.index.tolist(), theirs, below.tolist())
        return [
            {"date": day, "equity": equity, "growth": growth, "benchmark": other, "drawdown": drawdown}
            for day, equity, growth, other, drawdown in zip(*columns, strict=True)
        ]


def performance_of(
    portfolio: Portfolio, *, period: str = ALL, benchmark: str, risk_free: float = 0.0, now: datetime
) -> Performance:
    """Measured on everything recorded until `now`, in a dozen queries however long that is.

    `benchmark` is a known symbol (`benchmark_symbol`), `risk_free` an annual rate.
    """
    whole = daily_of(portfolio)
    daily = whole.since(start_of(period, whole.dates[-1])) if whole.dates else whole
    worth = money(daily) if daily.dates else None
    base = _base(daily, period)
    position = positions_of([portfolio.pk]).get(portfolio.pk)
    parts = (
        contributions_of(
            portfolio.pk,
            base=base,
            base_day=daily.dates[0],
            until=now,
            values=position.values,
            capital=worth.capital,
        )
        if worth is not None and position is not None
        else []
    )
    table = monthly(daily)
    return Performance(
        period=period,
        as_of=now,
        risk_free=risk_free,
        daily=daily,
        figures=key_figures(daily, risk_free),
        money=worth,
        months=table,
        years=yearly(table),
        drawdowns=drawdowns(daily.dates, daily.index)[:MOST_DRAWDOWNS] if len(daily) else [],
        benchmark=_compared(daily, benchmark, risk_free),
        trades=trades_of(portfolio.pk, base=base, until=now),
        contributions=parts,
        other_gain=_unexplained(worth, parts),
    )


def missing(figures: Mapping[str, Figure]) -> dict[str, str]:
    """Why figures are missing, by name."""
    return {name: figure.reason for name, figure in figures.items() if figure.value is None}


def _base(daily: Daily, period: str) -> datetime | None:
    """When the stretch begins: with the session after its first date; None if with the account itself."""
    if len(daily) < 2 or (period == ALL and daily.flows[0]):
        return None
    return datetime.combine(daily.dates[1], time.min, EXCHANGE_ZONE)


def _compared(daily: Daily, symbol: str, risk_free: float) -> Compared:
    found = levels_of(symbol, daily.dates)
    pair = None if found.reason else beside(daily, np.asarray(found.levels))
    if pair is None:
        reason = found.reason or f"The account and {symbol} have fewer than two days in common."
        return Compared(symbol=symbol, figures={}, reason=reason)
    return Compared(symbol=symbol, figures=comparison(daily, pair, risk_free), pair=pair)


def _unexplained(worth: Money | None, parts: list[Contribution]) -> float | None:
    gains = [part.gain for part in parts]
    known = [gain for gain in gains if gain is not None]
    return worth.gain - sum(known) if worth is not None and len(known) == len(gains) else None
