"""Two users with everything the agent could touch, and a picture of it to hold against what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from agent.configuring import config_of
from agent.models import AgentConfig, ModelPrice, Provider
from alerts.raising import raise_alert
from automation.lifecycle import create_action
from automation.models import Action
from automation.strategies.lifecycle import create_strategy
from portfolios.goals.changing import create_goal
from portfolios.ledger import open_position
from portfolios.models import Portfolio, PortfolioGoal
from tests.orders.making import D, Desk, open_desk, open_market, quote

RULE = {
    "action_type": "SELL",
    "symbol": "AAPL",
    "quantity": "1",
    "trigger_type": "price_below",
    "trigger_params": {"threshold": "80"},
}
# What a run writes about itself, and what it may write whatever it was told.
OWN = {
    "agent.AgentRun", "agent.AgentStep", "agent.Reservation", "live.Event", "live.UserSequence", "watches.Series",
}  # fmt: skip


@dataclass
class Place:
    """One user's things."""

    desk: Desk
    rule: Action
    goal: PortfolioGoal
    strategy: UUID
    alert: UUID


def settle(name: str, at: datetime, **policy: Any) -> Place:
    """A user who holds 50 AAPL ($100 each) and has a rule, a goal, a strategy and an alert, none of them named."""
    open_market("AAPL", "MSFT", "NVDA", "TSLA", "SPY", day=at.date())
    for symbol, price in (("AAPL", "100"), ("MSFT", "400"), ("SPY", "500")):
        quote(symbol, price, at=at)
    desk = open_desk(name, now=at, **policy)
    portfolio = Portfolio.objects.get(pk=desk.portfolio.pk)
    open_position(portfolio=portfolio, symbol="AAPL", quantity=D(50), price=D(100), at=at, now=at)
    desk.portfolio.refresh_from_db()
    rule = create_action(user=desk.user, data=RULE, now=at, actor="test")
    goal = create_goal(
        user=desk.user, data={"name": "g", "target_weights": {"AAPL": "0.5", "MSFT": "0.5"}}, now=at, actor="test"
    )
    strategy = create_strategy(
        user=desk.user, data={"strategy_type": "momentum", "symbols": ["AAPL"], "name": "s"}, now=at, actor="test"
    )
    alert = raise_alert(user_id=desk.user.pk, kind="note", title="t", now=at, dedupe_key="world")
    assert alert is not None
    return Place(desk=desk, rule=rule, goal=goal, strategy=strategy.pk, alert=alert.pk)


def think(desk: Desk, at: datetime, **changes: Any) -> AgentConfig:
    """The desk's agent as wide open as its settings allow, thinking with a model that has a price."""
    ModelPrice.objects.get_or_create(
        user=None, provider="compatible", model="scripted",
        defaults={"input": 3, "output": 15, "cache_read": 3, "cache_write": 3, "updated_at": at},
    )  # fmt: skip
    config = config_of(desk.user, now=at)
    wide = {
        "provider": Provider.COMPATIBLE, "model": "scripted", "mode": "execute", "min_confidence": D(0),
        "max_calls": 1000, "max_turns": 1000, "max_tool_calls": 10_000, "max_seconds": 600,
        "max_tokens_per_run": 10**9, "dollars_per_run": D(10**6), "dollars_per_day": D(10**6),
        "dollars_per_month": D(10**6),
    }  # fmt: skip
    for name, value in {**wide, **changes}.items():
        setattr(config, name, value)
    config.save()
    return config


def picture(*labels: str, but: frozenset[str] = frozenset()) -> dict[str, list[dict[str, Any]]]:
    """Every row of the named models; without names, of every model of ours except what a run writes about itself."""
    wanted = [apps.get_model(label) for label in labels] or [
        model
        for model in apps.get_models()
        if model._meta.label.split(".")[0] in ROOMS and model._meta.label not in OWN | but
    ]
    return {model._meta.label: _rows(model) for model in wanted}


ROOMS = {"accounts", "agent", "alerts", "automation", "orders", "brokers", "safety", "portfolios", "markets", "watches"}


def _rows(model: type[models.Model]) -> list[dict[str, Any]]:
    return list(model._default_manager.order_by("pk").values())


def of_user(seen: dict[str, list[dict[str, Any]]], user_id: int, portfolio_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """The rows that say whose they are, of one user."""
    return {
        label: [row for row in rows if row.get("user_id") == user_id or row.get("portfolio_id") == portfolio_id]
        for label, rows in seen.items()
    }
