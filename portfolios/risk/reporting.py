"""The report on what a portfolio risks now: exposure, concentration, value at risk, and where the risk sits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from markets.closes import daily_closes_between
from portfolios.lots import EXCHANGE_ZONE
from portfolios.measuring.aligning import side_by_side, simple_returns
from portfolios.measuring.figures import YEAR, Figure, Floats, known, unknown
from portfolios.measuring.ratios import LEAST, beta, volatility
from portfolios.measuring.risk import (
    LEVELS,
    Concentration,
    Exposure,
    concentration,
    exposure,
    historical_shortfall,
    historical_var,
    parametric_shortfall,
    parametric_var,
    risk_shares,
)
from portfolios.models import Portfolio
from portfolios.risk.reading import LOOK_BACK, SESSIONS, Position, positions_of
from portfolios.valuing import holdings_of

METHODS = {
    ("historical", "value_at_risk"): historical_var,
    ("historical", "expected_shortfall"): historical_shortfall,
    ("parametric", "value_at_risk"): parametric_var,
    ("parametric", "expected_shortfall"): parametric_shortfall,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AtRisk:
    """One measure of a day's loss, as a share of equity (0.02 is 2 %) and in dollars."""

    method: str
    measure: str
    confidence: float
    figure: Figure
    dollars: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldingRisk:
    """`risk_share` is its part of the portfolio's variance; all of them sum to 1."""

    symbol: str
    value: float
    weight: float
    volatility: Figure
    beta: Figure
    risk_share: Figure


@dataclass(frozen=True, kw_only=True, slots=True)
class Risk:
    """What is held now, moved as it moved on the last `days` common sessions. `reason`: why nothing can be said."""

    as_of: datetime
    benchmark: str
    equity: float | None
    cash: float
    days: int
    exposure: Exposure | None
    concentration: Concentration | None
    volatility: Figure
    beta: Figure
    at_risk: list[AtRisk]
    holdings: list[HoldingRisk]
    reason: str = ""
    correlations: tuple[tuple[float | None, ...], ...] = ()  # of the holdings, in their order; None: not known


def risk_of(portfolio: Portfolio, *, benchmark: str, now: datetime) -> Risk:
    """Two or three queries. `benchmark` is a known symbol."""
    position = positions_of([portfolio.pk]).get(portfolio.pk)
    if position is None:
        unpriced = [held.symbol for held in holdings_of(portfolio) if held.price is None]
        return _nothing(portfolio, benchmark, now, f"No price is known of {', '.join(unpriced)}.")
    if position.equity <= 0:
        return _nothing(portfolio, benchmark, now, "The account is empty.")
    symbols = sorted(position.values)
    weights = np.array([position.values[symbol] / position.equity for symbol in symbols])
    moves, market, short = _moves(symbols, benchmark, now)
    own = weights @ moves if symbols else np.empty(0)
    return Risk(
        as_of=now,
        benchmark=benchmark,
        equity=position.equity,
        cash=position.cash,
        days=moves.shape[1],
        exposure=exposure(position.values, position.cash),
        concentration=concentration(position.values, position.cash),
        volatility=volatility(own) if symbols else known(0.0),
        beta=_beta(own, market) if symbols else known(0.0),
        at_risk=list(_at_risk(own, position)),
        holdings=_holdings(symbols, weights, position, moves, market),
        reason=short,
        correlations=_correlations(symbols, position, moves),
    )


def _at_risk(own: Floats, position: Position) -> list[AtRisk]:
    found = []
    for (method, measure), compute in METHODS.items():
        for confidence in LEVELS:
            figure = compute(own, confidence) if position.values else known(0.0)
            dollars = None if figure.value is None else figure.value * position.equity
            found.append(AtRisk(method=method, measure=measure, confidence=confidence, figure=figure, dollars=dollars))
    return found


def _holdings(
    symbols: Sequence[str], weights: Floats, position: Position, moves: Floats, market: Floats
) -> list[HoldingRisk]:
    if moves.shape[1] >= LEAST:
        covariance = np.atleast_2d(np.cov(moves, ddof=1)) * YEAR
        parts = [known(float(part)) for part in risk_shares(weights, covariance)]
    else:
        parts = [unknown(f"{LEAST} common daily returns are needed; there are {moves.shape[1]}.")] * len(symbols)
    rows = [
        HoldingRisk(
            symbol=symbol,
            value=position.values[symbol],
            weight=float(weights[row]),
            volatility=volatility(moves[row]),
            beta=_beta(moves[row], market),
            risk_share=parts[row],
        )
        for row, symbol in enumerate(symbols)
    ]
    return sorted(rows, key=lambda one: -one.value)


def _correlations(symbols: Sequence[str], position: Position, moves: Floats) -> tuple[tuple[float | None, ...], ...]:
    """Of the daily returns on the common sessions, the largest holding first; empty with fewer than two holdings."""
    if len(symbols) < 2 or moves.shape[1] < LEAST:
        return ()
    order = sorted(range(len(symbols)), key=lambda row: -position.values[symbols[row]])
    spread = moves.std(axis=1)
    still = spread == 0  # what never moved is correlated with nothing
    table = np.cov(moves, ddof=0) / np.outer(np.where(still, 1.0, spread), np.where(still, 1.0, spread))
    return tuple(
        tuple(None if still[row] or still[column] else float(table[row, column]) for column in order) for row in order
    )


def _moves(symbols: Sequence[str], benchmark: str, now: datetime) -> tuple[Floats, Floats, str]:
    """Returns of the holdings on the sessions all have, the benchmark's on the same; and what cuts them short."""
    today = now.astimezone(EXCHANGE_ZONE).date()
    closes = daily_closes_between([*symbols, benchmark], start=today - LOOK_BACK, end=today)
    _, prices = side_by_side(closes, [*symbols, benchmark], SESSIONS + 1)
    moves = simple_returns(prices[:, ~np.isnan(prices[:-1]).any(axis=0)])
    return moves[:-1], moves[-1], _shortest(symbols, {symbol: len(closes[symbol].days) for symbol in closes})


def _beta(returns: Floats, market: Floats) -> Figure:
    both = ~np.isnan(market)
    return beta(returns[both], market[both])


def _shortest(symbols: Sequence[str], counts: Mapping[str, int]) -> str:
    if not symbols:
        return ""
    youngest = min(symbols, key=lambda symbol: counts.get(symbol, 0))
    count = counts.get(youngest, 0)
    if count > SESSIONS:
        return ""
    return f"{youngest} has {count} daily closes of the last {SESSIONS} sessions, so no more are looked at."


def _nothing(portfolio: Portfolio, benchmark: str, now: datetime, reason: str) -> Risk:
    return Risk(
        as_of=now,
        benchmark=benchmark,
        equity=None,
        cash=float(portfolio.cash),
        days=0,
        exposure=None,
        concentration=None,
        volatility=unknown(reason),
        beta=unknown(reason),
        at_risk=[],
        holdings=[],
        reason=reason,
    )
