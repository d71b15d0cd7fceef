"""A strategy over a market: its own signals and sizes, acted on at the next open, through the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from automation.backtest.course import Course, Wanted, order_for, sells_first
from automation.backtest.deciding import changes_of
from automation.backtest.gating import Standing
from automation.backtest.market import Market
from automation.replay.bars import exact
from automation.strategies.base import Strategy
from automation.strategies.sizing import target_fractions
from common.money import shares


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A strategy with its checked parameters."""

    strategy: Strategy
    params: Mapping[str, Any]
    sizing: Mapping[str, Any]


def run(plan: Plan, market: Market, course: Course) -> None:
    """Carry the account through the market."""
    signals = plan.strategy.generate_signals(market.columns, plan.params)
    targets = target_fractions(signals, market.columns, plan.sizing)
    for at, wanted in changes_of(market, targets):
        standing = course.standing(at, wanted)
        orders = [order for symbol, target in wanted.items() if (order := _order(course, standing, symbol, target))]
        course.act(at, standing, sells_first(orders))
    course.finish()


def _order(course: Course, standing: Standing, symbol: str, target: float) -> Wanted | None:
    """What brings the position to the target: a fraction of the equity."""
    fractional = course.gate.instruments[symbol].fractionable
    held = standing.positions.get(symbol, Decimal(0))
    desired = shares(exact(target) * standing.equity / standing.prices[symbol], fractional=fractional)
    return order_for(symbol, desired - held)
