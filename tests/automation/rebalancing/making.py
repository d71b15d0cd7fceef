"""Goals and runs on a desk (see tests.orders.making): AAPL, MSFT, NVDA at $100, on a market that never closes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from automation.rebalancing import stepping
from automation.rebalancing.models import Cause, RebalanceRun
from automation.rebalancing.starting import Wish, start_run
from common.ids import new_id
from orders.models import Order
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.planning.types import CASH
from tests.automation.making import hold
from tests.orders.making import NOW, SYMBOLS, Desk, quote

D = Decimal
S = timedelta(seconds=1)
THIRDS = {"AAPL": "0.4", "MSFT": "0.3", "NVDA": "0.2", CASH: "0.1"}


def goal_of(desk: Desk, *, now: datetime = NOW, **fields: Any) -> PortfolioGoal:
    """40 % AAPL, 30 % MSFT, 20 % NVDA, the rest cash; five points of band."""
    values: dict[str, Any] = {"name": f"Core {new_id().hex[-6:]}", "target_weights": THIRDS, **fields}
    made = PortfolioGoal.objects.create(portfolio=desk.portfolio, created_at=now, updated_at=now, **values)
    return PortfolioGoal.objects.select_related("portfolio").get(pk=made.pk)


def drifted(desk: Desk) -> None:
    """$60,000 of AAPL, $20,000 of MSFT, nothing of NVDA, and the desk's $100,000 of cash: all away from THIRDS."""
    hold(desk, "AAPL", "600")
    hold(desk, "MSFT", "200")
    desk.portfolio.refresh_from_db()


def overweight(desk: Desk) -> None:
    """AAPL is far too much, so that it is sold: $150,000 of it beside $100,000 of cash."""
    hold(desk, "AAPL", "1500")
    desk.portfolio.refresh_from_db()


def market_at(at: datetime, price: str = "100") -> None:
    """Fresh quotes of everything."""
    for symbol in SYMBOLS:
        quote(symbol, price, at=at)


def started(desk: Desk, goal: PortfolioGoal | None = None, *, now: datetime = NOW, **wish: Any) -> RebalanceRun:
    return start_run(wish_of(desk, goal, **wish), now=now)


def wish_of(desk: Desk, goal: PortfolioGoal | None = None, **wish: Any) -> Wish:
    values: dict[str, Any] = {"cause": Cause.MANUAL, "actor": "ada", "key": str(new_id()), "force": True, **wish}
    return Wish(portfolio_id=desk.portfolio.pk, goal=goal, **values)


def carried_on(run: RebalanceRun, *, now: datetime = NOW) -> RebalanceRun:
    """Until it waits or ends."""
    stepping.advance(now=now, run_ids=[run.pk])
    return fresh(run)


def fresh(run: RebalanceRun) -> RebalanceRun:
    return RebalanceRun.objects.select_related("goal", "portfolio").get(pk=run.pk)


def orders(run: RebalanceRun) -> list[Order]:
    """In the order of their legs."""
    found = Order.objects.filter(source_id=str(run.pk))
    return sorted(found, key=lambda order: int(order.idempotency_key.rpartition(":")[2]))


def held(desk: Desk) -> dict[str, Decimal]:
    portfolio = Portfolio.objects.get(pk=desk.portfolio.pk)
    rows = portfolio.holdings.filter(quantity__gt=0).values_list("instrument_id", "quantity")
    return dict(rows)


def explained(run: RebalanceRun) -> bool:
    """Whether of each leg planned dollars = filled dollars + residuals, to the last digit."""
    filled = {int(o.idempotency_key.rpartition(":")[2]): o.filled_value for o in orders(run)}
    for leg in run.legs.all():
        left = sum((D(item["amount"]) for item in run.residuals if item["leg"] == leg.number), D(0))
        if leg.planned_quantity * leg.planned_price != filled.get(leg.number, D(0)) + left:
            return False
    return True
