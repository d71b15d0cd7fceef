"""Goals and runs for tests of the pages: AAPL, MSFT, NVDA at $100, on a market that never closes."""

from __future__ import annotations

from typing import Any

from automation.rebalancing import by_hand, stepping
from automation.rebalancing.models import RebalanceRun
from common.clock import now
from portfolios.goals.changing import create_goal
from portfolios.ledger import open_position
from portfolios.models import PortfolioGoal
from tests.orders.making import D, Desk

TARGETS = {"AAPL": "0.4", "MSFT": "0.3", "NVDA": "0.2", "CASH": "0.1"}


def goal_for(desk: Desk, **fields: Any) -> PortfolioGoal:
    """40 % AAPL, 30 % MSFT, 20 % NVDA, the rest cash; five points of band."""
    data = {"name": "Core", "target_weights": TARGETS, **fields}
    return create_goal(user=desk.user, data=data, now=now(), actor="ada")


def hold(desk: Desk, **shares: str) -> None:
    """Shares bought at $100."""
    at = now()
    for symbol, quantity in shares.items():
        open_position(portfolio=desk.portfolio, symbol=symbol, quantity=D(quantity), price=D(100), at=at, now=at)
    desk.portfolio.refresh_from_db()


def overweight(desk: Desk) -> None:
    """$150,000 of AAPL beside $100,000 of cash."""
    hold(desk, AAPL="1500")


def run_for(desk: Desk, goal: PortfolioGoal) -> RebalanceRun:
    return by_hand.rebalance(user=desk.user, goal_id=goal.pk, actor="ada", now=now())


def carry_on(run: RebalanceRun) -> RebalanceRun:
    """What a worker does: until it waits or ends."""
    stepping.advance(now=now(), run_ids=[run.pk])
    return RebalanceRun.objects.select_related("goal", "portfolio").get(pk=run.pk)


def form_of(*targets: tuple[str, str], **changes: Any) -> dict[str, Any]:
    """The goal form as a person fills it in, by the names of its inputs."""
    pairs = targets or (("AAPL", "60"), ("cash", "40"))
    return {
        "name": "Sixty",
        "symbol": [symbol for symbol, _ in pairs],
        "weight": [weight for _, weight in pairs],
        "band_kind": "absolute",
        "drift_threshold": "5",
        "rebalance_mode": "alert",
        "rebalance_to": "target",
        "lot_method": "fifo",
        "min_trade": "1",
        "enabled": "on",
        **changes,
    }
