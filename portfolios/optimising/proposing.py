"""Weights proposed for a goal, from stored daily bars; with what they promise and the trades they would cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from common.errors import InvalidInput
from common.money import plain
from markets.closes import Closes, daily_closes_between, date_of
from markets.models import Instrument
from portfolios.goals.reading import plan_terms
from portfolios.lots import EXCHANGE_ZONE
from portfolios.measuring.aligning import common, side_by_side, simple_returns
from portfolios.measuring.figures import Floats
from portfolios.measuring.risk import risk_shares
from portfolios.models import Portfolio
from portfolios.optimising.asking import LEAST_DAYS, Ask, check
from portfolios.optimising.bounding import rounded
from portfolios.optimising.estimating import expected_returns, shrunk_covariance
from portfolios.optimising.methods import METHODS
from portfolios.optimising.types import NoSolution, Task
from portfolios.planning.types import CannotPlan, GoalTerms, Plan
from portfolios.risk.reading import positions_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """What weights would have made on the history looked at: annual shares (0.08 is 8 %). No forecast."""

    expected_return: float
    volatility: float
    sharpe: float | None  # None if nothing moved


@dataclass(frozen=True, kw_only=True, slots=True)
class Weight:
    """One symbol of a proposal."""

    symbol: str
    weight: Decimal
    low: Decimal
    high: Decimal
    expected_return: float
    volatility: float
    risk_share: float
    now: float | None  # what the portfolio has in it


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """`weights` sum to exactly 1. `plan` is None without a portfolio, or if `plan_problem` says why."""

    method: str
    start: date
    end: date
    days: int
    shrinkage: float
    weights: list[Weight]
    promise: Promise
    equal_weight: Promise
    current: Promise | None  # the portfolio's own weights of these symbols, scaled to 1
    plan: Plan | None
    plan_problem: str


def propose(ask: Ask, *, portfolio: Portfolio | None, now: datetime) -> Proposal:
    """Raises InvalidInput naming every field that cannot be used. Nothing is stored and nothing ordered."""
    known = set(Instrument.objects.filter(pk__in=ask.symbols).values_list("pk", flat=True))
    check(ask, known=known, methods=METHODS)
    days, returns = _returns(ask, now)
    covariance, shrinkage = shrunk_covariance(returns)
    task = Task(
        expected=expected_returns(returns),
        covariance=covariance,
        low=np.array([float(bound) for bound in ask.low()]),
        high=np.array([float(bound) for bound in ask.high()]),
        risk_free=ask.risk_free,
        target_return=ask.target_return,
    )
    try:
        found = METHODS[ask.method](task)
    except NoSolution as error:
        raise InvalidInput({error.field: error.message}) from error
    weights = rounded(found, ask.low(), ask.high())
    held = _held(ask.symbols, portfolio)
    targets = {symbol: weight for symbol, weight in zip(ask.symbols, weights, strict=True) if weight}
    plan, problem = _plan(portfolio, targets, now)
    return Proposal(
        method=ask.method,
        start=date_of(int(days[0])),
        end=date_of(int(days[-1])),
        days=returns.shape[1],
        shrinkage=shrinkage,
        weights=_told(ask, task, weights, held),
        promise=_promise(task, np.array([float(weight) for weight in weights])),
        equal_weight=_promise(task, METHODS["equal_weight"](task)),
        current=_promise(task, held / held.sum()) if held is not None and held.sum() > 0 else None,
        plan=plan,
        plan_problem=problem,
    )


def _returns(ask: Ask, now: datetime) -> tuple[Floats, Floats]:
    """Daily returns on the days all symbols have, the last `ask.days` of them; InvalidInput names who has too few."""
    today = now.astimezone(EXCHANGE_ZONE).date()
    # Calendar days that hold the sessions asked for, with room for holidays.
    closes = daily_closes_between(ask.symbols, start=today - timedelta(days=int(ask.days * 1.6) + 30), end=today)
    few = [
        f"{symbol} has {count} daily closes in the time looked at; {LEAST_DAYS + 1} are needed: import its bars."
        for symbol in ask.symbols
        if (count := len(closes[symbol].days) if symbol in closes else 0) <= LEAST_DAYS
    ]
    if few:
        raise InvalidInput({"symbols": few})
    days, prices = common(*side_by_side(closes, ask.symbols))
    days, prices = days[-ask.days - 1 :], prices[:, -ask.days - 1 :]
    if len(days) <= LEAST_DAYS:
        odd = _least_common(ask.symbols, closes)
        raise InvalidInput(
            {"symbols": f"Only {len(days)} days have a close of every symbol, {LEAST_DAYS + 1} are needed: drop {odd}."}
        )
    return np.asarray(days, dtype=np.float64), simple_returns(prices)


def _least_common(symbols: Sequence[str], closes: dict[str, Closes]) -> str:
    """Without whom the most days would be common."""

    def left(symbol: str) -> int:
        others = [set(closes[other].days) for other in symbols if other != symbol]
        return len(set.intersection(*others))

    return max(symbols, key=left)


def _held(symbols: Sequence[str], portfolio: Portfolio | None) -> Floats | None:
    position = positions_of([portfolio.pk]).get(portfolio.pk) if portfolio else None
    if position is None or position.equity <= 0:
        return None
    return np.array([position.values.get(symbol, 0.0) / position.equity for symbol in symbols])


def _plan(portfolio: Portfolio | None, targets: dict[str, Decimal], now: datetime) -> tuple[Plan | None, str]:
    if portfolio is None:
        return None, ""
    try:
        return plan_terms(portfolio, GoalTerms(targets=targets), now), ""
    except CannotPlan as error:
        return None, error.detail


def _promise(task: Task, weights: Floats) -> Promise:
    gained = float(weights @ task.expected)
    spread = float(np.sqrt(weights @ task.covariance @ weights))
    return Promise(
        expected_return=gained,
        volatility=spread,
        sharpe=(gained - task.risk_free) / spread if spread > 0 else None,
    )


def _told(ask: Ask, task: Task, weights: list[Decimal], held: Floats | None) -> list[Weight]:
    parts = risk_shares(np.array([float(weight) for weight in weights]), task.covariance)
    spread = np.sqrt(np.diag(task.covariance))
    return [
        Weight(
            symbol=symbol,
            weight=weights[row],
            low=ask.low()[row],
            high=ask.high()[row],
            expected_return=float(task.expected[row]),
            volatility=float(spread[row]),
            risk_share=float(parts[row]),
            now=None if held is None else float(held[row]),
        )
        for row, symbol in enumerate(ask.symbols)
    ]


def target_weights(proposal: Proposal) -> dict[str, str]:
    """As a goal takes them: those above 0."""
    return {one.symbol: plain(one.weight) for one in proposal.weights if one.weight}
