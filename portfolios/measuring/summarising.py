"""The key figures of a stretch of daily growths, alone and beside a benchmark. Plain numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from portfolios.measuring import ratios
from portfolios.measuring.cashflows import over_period, xirr
from portfolios.measuring.drawdowns import deepest
from portfolios.measuring.figures import DAYS, Figure, Floats, known, unknown
from portfolios.measuring.returns import Daily, annual_growth, best_and_worst, time_weighted

Figures = Mapping[str, Figure]


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    """Dollars: `begin` + `flows` + `gain` = `end`. `capital` is the average at work (Dietz, 1966: modified)."""

    begin: float
    end: float
    flows: float
    gain: float
    capital: float


def money(daily: Daily) -> Money:
    """What the stretch began and ended with, what came in and out meanwhile, and what was gained."""
    begin = float(daily.flows[0]) or float(daily.equity[0])
    flows = float(daily.flows[1:].sum())
    days = max(daily.days, 1)
    left = np.array([(daily.dates[-1] - day).days / days for day in daily.dates[1:]])
    end = float(daily.equity[-1])
    return Money(
        begin=begin,
        end=end,
        flows=flows,
        gain=end - begin - flows,
        capital=begin + float(daily.flows[1:] @ left),
    )


def investors_flows(daily: Daily) -> list[tuple[date, float]]:
    """What the owner paid in (−) and would have out (+), by date."""
    begin = float(daily.flows[0]) or float(daily.equity[0])
    moved = [(day, -amount) for day, amount in zip(daily.dates[1:], daily.flows[1:].tolist(), strict=True) if amount]
    return [(daily.dates[0], -begin), *moved, (daily.dates[-1], float(daily.equity[-1]))]


def key_figures(daily: Daily, risk_free: float) -> dict[str, Figure]:
    """By name: returns and ratios as shares (0.1 is 10 %)."""
    total = time_weighted(daily)
    rate = xirr(investors_flows(daily)) if len(daily) > 1 else unknown(total.reason)
    cagr = annual_growth(total.value, daily.days) if total.value is not None else total
    fall = deepest(daily.dates, daily.index)
    depth = fall.depth if fall else 0.0
    best, worst = best_and_worst(daily.returns)
    return {
        "time_weighted_return": total,
        "cagr": cagr,
        "money_weighted_return": over_period(rate, daily.days),
        "money_weighted_annual": _annual_only(rate, daily.days),
        "volatility": ratios.volatility(daily.returns),
        "sharpe": ratios.sharpe(daily.returns, risk_free),
        "sortino": ratios.sortino(daily.returns, risk_free),
        "calmar": ratios.calmar(cagr, depth),
        "max_drawdown": known(depth) if total.value is not None else total,
        "best_day": best,
        "worst_day": worst,
    }


def _annual_only(rate: Figure, days: int) -> Figure:
    if rate.value is not None and days < DAYS:
        return unknown(f"Less than a year ({days} days): returns of part of a year are not annualised.")
    return rate


@dataclass(frozen=True, kw_only=True, eq=False)
class Beside:
    """Growth of a benchmark over the dates of an account from `first` on: what one dollar became in each."""

    first: int  # index of the first common date
    index: Floats  # of the benchmark, 1 at the first common date
    own: Floats  # of the account, the same


def beside(daily: Daily, levels: Floats) -> Beside | None:
    """The account and closes `levels` (NaN before the first) on one scale; None with less than two common dates."""
    have = np.flatnonzero(~np.isnan(levels))
    if len(have) < 2:
        return None
    first = int(have[0])
    own = daily.index[first:]
    return Beside(first=first, index=levels[first:] / levels[first], own=own / own[0])


def comparison(daily: Daily, pair: Beside, risk_free: float) -> dict[str, Figure]:
    """The benchmark's own figures over the common dates, and the account against it."""
    dates = daily.dates[pair.first :]
    theirs, ours = pair.index[1:] / pair.index[:-1] - 1, pair.own[1:] / pair.own[:-1] - 1
    days = (dates[-1] - dates[0]).days
    total = float(pair.index[-1]) - 1
    fall = deepest(dates, pair.index)
    depth = fall.depth if fall else 0.0
    cagr = annual_growth(total, days)
    best, worst = best_and_worst(theirs)
    return {
        "time_weighted_return": known(total),
        "own_return": known(float(pair.own[-1]) - 1),
        "excess_return": known(float(pair.own[-1]) - float(pair.index[-1])),
        "cagr": cagr,
        "volatility": ratios.volatility(theirs),
        "sharpe": ratios.sharpe(theirs, risk_free),
        "sortino": ratios.sortino(theirs, risk_free),
        "calmar": ratios.calmar(cagr, depth),
        "max_drawdown": known(depth),
        "best_day": best,
        "worst_day": worst,
        "beta": ratios.beta(ours, theirs),
        "alpha": ratios.alpha(ours, theirs, risk_free),
        "correlation": ratios.correlation(ours, theirs),
        "tracking_error": ratios.tracking_error(ours, theirs),
        "information_ratio": ratios.information_ratio(ours, theirs),
    }
