"""Rules and prices for tests: a desk (see tests.orders.making), rules on it, and prices the engine sees at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from automation import evaluating, executing, lifecycle
from automation.models import Action, ActionExecution
from automation.strategies.models import Strategy, StrategySymbol
from automation.triggers.registry import TRIGGERS
from markets import calendar
from markets.models import Bar
from markets.quoting import record_ticks
from markets.types import Tick
from portfolios.ledger import open_position
from portfolios.models import PortfolioGoal
from tests.orders.making import NOW, Desk, quote
from watches.models import Timer, Watch

D = Decimal
S = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def written(**changes: Any) -> dict[str, Any]:
    """A rule as a person writes it: buy 10 AAPL when it is at or below 90. A change to None leaves the field out."""
    data: dict[str, Any] = {
        "action_type": "BUY",
        "symbol": "AAPL",
        "quantity": "10",
        "trigger_type": "price_below",
        "trigger_params": {"threshold": "90"},
        **changes,
    }
    sizes = ("amount_usd", "percent_of_position", "percent_of_equity")
    if data["action_type"] == "NOTIFY" or any(name in changes for name in sizes):
        data.setdefault("quantity", None)
        data["quantity"] = changes.get("quantity")
    return {name: value for name, value in data.items() if value is not None or name == "max_executions"}


def rule(desk: Desk, *, now: datetime = NOW, **changes: Any) -> Action:
    return lifecycle.create_action(user=desk.user, data=written(**changes), now=now, actor="ada")


def example_goal(desk: Desk) -> PortfolioGoal:
    """The goal that the example of `drift_above` names."""
    return PortfolioGoal.objects.create(
        id=TRIGGERS["drift_above"].example["goal"],
        portfolio=desk.portfolio,
        name="Example",
        target_weights={"AAPL": "0.5", "CASH": "0.5"},
        created_at=NOW,
        updated_at=NOW,
    )


def example_strategy(desk: Desk) -> Strategy:
    """The strategy that the example of `signal` names, on AAPL."""
    strategy = Strategy.objects.create(
        id=TRIGGERS["signal"].example["strategy"],
        user=desk.user,
        portfolio=desk.portfolio,
        name="Example",
        strategy_type="momentum",
        exchange_id=calendar.DEMO,
        created_at=NOW,
        updated_at=NOW,
    )
    StrategySymbol.objects.create(strategy=strategy, instrument_id="AAPL", position=0)
    return strategy


def examples_stand(desk: Desk) -> None:
    """What the examples of all triggers name exists."""
    example_goal(desk)
    example_strategy(desk)


def telling(desk: Desk, *, now: datetime = NOW, **changes: Any) -> Action:
    """The same rule, that only tells."""
    return rule(desk, now=now, action_type="NOTIFY", **changes)


def hold(desk: Desk, symbol: str = "AAPL", quantity: str = "100", *, now: datetime = NOW) -> None:
    """Shares in the desk's portfolio."""
    open_position(portfolio=desk.portfolio, symbol=symbol, quantity=D(quantity), price=D(100), at=now, now=now)


def see(price: str | Decimal, *, at: datetime, symbol: str = "AAPL") -> int:
    """The feed says `price` and the engine looks. Returns how many rules fired."""
    quote(symbol, price, at=at)
    return evaluating.evaluate_quotes(now=at).fired


def see_volume(volume: str, *, at: datetime, symbol: str = "AAPL") -> int:
    ticks = [Tick(symbol=symbol, price=D(100), volume=D(volume), at=at, source="test", session_date=at.date())]
    record_ticks(ticks=ticks, now=at)
    return evaluating.evaluate_quotes(now=at).fired


def carry_out(*, now: datetime) -> int:
    return executing.execute_pending(now=now)


def executions(action: Action) -> list[ActionExecution]:
    return list(ActionExecution.objects.filter(action=action).order_by("epoch"))


def fresh(action: Action) -> Action:
    """The action as it is stored now."""
    return Action.objects.get(id=action.id)


def watch_of(action: Action) -> Watch:
    return Watch.objects.select_related("series", "home").get(owner_id=action.id)


def timers_of(action_id: UUID) -> dict[str, datetime]:
    return {timer.purpose: timer.due_at for timer in Timer.objects.filter(owner_id=action_id)}


def bars(symbol: str, timeframe: str, last_at: datetime, closes: list[Any], *, volume: int = 1000) -> None:
    """Bars that follow each other, the last one beginning at `last_at`."""
    step = timedelta(days=1) if timeframe == "1d" else MINUTE
    first = last_at - step * (len(closes) - 1)
    Bar.objects.bulk_create(
        Bar(
            instrument_id=symbol,
            timeframe=timeframe,
            at=first + step * n,
            open=D(str(close)),
            high=D(str(close)),
            low=D(str(close)),
            close=D(str(close)),
            volume=volume,
            source="test",
        )
        for n, close in enumerate(closes)
    )
