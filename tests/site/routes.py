"""Who may do what on every route. Add yours here: `test_every_route` fails on a route or method without an entry.

- `everybody`: no sign-in asked.
- `own()`: signed in; it shows and changes one's own things only (its room tests that).
- `owned("action")`: the same, about one thing of the world below; for anybody but its owner it does not exist (404).

Everything but `everybody` answers 401 to strangers, and 403 to a personal token without the scope.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Credential, User
from accounts.tokens import create_token
from alerts import configs
from alerts.models import AlertChannel
from alerts.raising import raise_alert
from automation.backtest.models import BacktestRun
from automation.hooks import keeping as hooks
from automation.lifecycle import create_action
from automation.models import JobRun, Missed, ReplayRun
from automation.rebalancing.by_hand import rebalance
from automation.scheduling.keeping import create_job
from automation.strategies.lifecycle import create_strategy
from brokers.models import BrokerAccount
from common.clock import now
from common.ids import new_id
from orders.placing import place
from orders.types import OrderIntent
from portfolios.goals.changing import create_goal
from portfolios.ledger import open_position
from portfolios.models import Portfolio
from tests.orders.making import D, open_market, quote
from tests.site.agent_routes import AGENT_ROUTES, agent_world


@dataclass(frozen=True)
class Access:
    """What a route promises. `arguments` fill its path; a name of the world stands for that thing's id."""

    signed_in: bool = True
    kind: str = ""
    arguments: dict[str, str] = field(default_factory=dict)


everybody = Access(signed_in=False)


def own(**arguments: str) -> Access:
    return Access(arguments=arguments)


def owned(kind: str) -> Access:
    return Access(kind=kind)


ROUTES: dict[str, dict[str, Access]] = {
    "schema/": {"GET": everybody},
    "docs/": {"GET": everybody},
    "monitoring/status/": {"GET": own()},
    # accounts
    "auth/signup/": {"POST": everybody},
    "auth/token/": {"POST": everybody},
    "auth/token/refresh/": {"POST": everybody},
    "auth/refresh/": {"POST": everybody},
    "auth/logout/": {"POST": everybody},
    "auth/tokens/": {"GET": own(), "POST": own()},
    "auth/tokens/<uuid:token_id>/": {"GET": owned("token"), "DELETE": owned("token")},
    "auth/ticket/": {"POST": own()},
    "auth/me/": {"GET": own(), "PATCH": own()},
    # live, alerts
    "events/": {"GET": own()},
    "alerts/": {"GET": own(), "POST": own()},
    "alerts/types/": {"GET": own()},
    "alerts/<uuid:config_id>/": {"GET": owned("config"), "PATCH": owned("config"), "DELETE": owned("config")},
    "alerts/<uuid:config_id>/enable/": {"POST": owned("config")},
    "alerts/<uuid:config_id>/disable/": {"POST": owned("config")},
    "alerts/<uuid:config_id>/explain/": {"GET": owned("config")},
    "alerts/channels/": {"GET": own(), "POST": own()},
    "alerts/channels/<uuid:channel_id>/": {
        "GET": owned("channel"),
        "PATCH": owned("channel"),
        "DELETE": owned("channel"),
    },
    "alerts/channels/<uuid:channel_id>/test/": {"POST": owned("channel")},
    "alerts/deliveries/": {"GET": own()},
    "alerts/history/": {"GET": own()},
    "alerts/history/ack/": {"POST": own()},
    "alerts/history/<uuid:pk>/": {"GET": owned("alert")},
    "alerts/history/<uuid:pk>/ack/": {"POST": owned("alert")},
    # markets: the same for everybody, except the watchlist
    "markets/quotes/": {"GET": own()},
    "markets/bars/": {"GET": own()},
    "markets/instruments/": {"GET": own()},
    "markets/calendar/": {"GET": own()},
    "markets/corporate-actions/": {"GET": own()},
    "markets/news/": {"GET": own()},
    "markets/watchlist/": {"GET": own(), "POST": own()},
    "markets/watchlist/<str:symbol>/": {"DELETE": own(symbol="AAPL")},
    # portfolios
    "portfolios/": {"GET": own()},
    "portfolios/<uuid:pk>/": {"GET": owned("portfolio")},
    "portfolios/<uuid:pk>/holdings/": {"GET": owned("portfolio")},
    "portfolios/<uuid:pk>/holdings/<str:symbol>/stops/": {
        method: Access(kind="portfolio", arguments={"symbol": "AAPL"}) for method in ("GET", "POST")
    },
    "portfolios/<uuid:pk>/lots/": {"GET": owned("portfolio")},
    "portfolios/<uuid:pk>/transactions/": {"GET": owned("portfolio")},
    "portfolios/<uuid:pk>/transactions/import/": {"POST": owned("portfolio")},
    "portfolios/<uuid:pk>/equity-curve/": {"GET": owned("portfolio")},
    "portfolios/<uuid:pk>/audit/": {"GET": owned("portfolio")},
    "portfolio/optimize/": {"POST": own()},
    "portfolios/<uuid:pk>/performance/": {"GET": owned("portfolio")},
    "portfolios/<uuid:pk>/risk/": {"GET": owned("portfolio")},
    "portfolios/<uuid:pk>/tear-sheet/": {"GET": owned("portfolio")},
    "portfolios/<uuid:pk>/harvest/": {"GET": owned("portfolio")},
    "portfolio/goals/": {"GET": own(), "POST": own()},
    "portfolio/goals/<uuid:goal_id>/": {"GET": owned("goal"), "PATCH": owned("goal"), "DELETE": owned("goal")},
    "portfolio/goals/<uuid:goal_id>/drift/": {"GET": owned("goal")},
    "portfolio/goals/<uuid:goal_id>/plan/": {"GET": owned("goal")},
    "portfolio/goals/<uuid:goal_id>/versions/": {"GET": owned("goal")},
    # safety
    "safety/": {"GET": own(), "PATCH": own()},
    "safety/events/": {"GET": own()},
    "safety/versions/": {"GET": own()},
    "safety/audit/": {"GET": own()},
    # orders
    "orders/": {"GET": own(), "POST": own()},
    "orders/<uuid:pk>/": {"GET": owned("order")},
    "orders/<uuid:pk>/cancel/": {"POST": owned("order")},
    "approvals/": {"GET": own()},
    "approvals/<uuid:pk>/": {"GET": owned("order")},
    "approvals/<uuid:pk>/approve/": {"POST": owned("order")},
    "approvals/<uuid:pk>/decline/": {"POST": owned("order")},
    "safety/kill/": {"POST": own()},
    "safety/resume/": {"POST": own()},
    "safety/what-if/": {"POST": own()},
    # automation
    "scheduler/": {"GET": own(), "POST": own()},
    "scheduler/types/": {"GET": own()},
    "scheduler/preview/": {"POST": own()},
    "scheduler/status/": {"GET": own()},
    "scheduler/start/": {"POST": own()},
    "scheduler/stop/": {"POST": own()},
    "scheduler/<uuid:job_id>/": {"GET": owned("job"), "PATCH": owned("job"), "DELETE": owned("job")},
    "scheduler/<uuid:job_id>/run-now/": {"POST": owned("job")},
    "scheduler/<uuid:job_id>/runs/": {"GET": owned("job")},
    "scheduler/<uuid:job_id>/runs/<uuid:run_id>/": {"GET": Access(kind="job_run", arguments={"job_id": "job"})},
    "actions/": {"GET": own(), "POST": own()},
    "actions/triggers/": {"GET": own()},
    "actions/missed/": {"GET": own()},
    "actions/missed/<int:missed_id>/run/": {"POST": owned("missed")},
    "actions/missed/<int:missed_id>/decline/": {"POST": owned("missed")},
    "actions/preview/": {"POST": own()},
    "actions/preflight/": {"GET": own()},
    "actions/export/": {"GET": own()},
    "actions/import/": {"POST": own()},
    "actions/templates/": {"GET": own()},
    "actions/templates/<slug:name>/preview/": {"POST": own(name="stop_loss")},
    "actions/templates/<slug:name>/create/": {"POST": own(name="stop_loss")},
    "actions/<uuid:action_id>/evidence/": {"GET": owned("action")},
    "actions/<uuid:action_id>/versions/<int:version>/restore/": {
        "POST": Access(kind="action", arguments={"version": "1"})
    },
    "actions/simulate/": {"POST": own()},
    "backtests/": {"GET": own(), "POST": own()},
    "backtests/compare/": {"GET": own()},
    "backtests/<uuid:backtest_id>/": {"GET": owned("backtest"), "DELETE": owned("backtest")},
    "strategies/<uuid:strategy_id>/backtest/": {"POST": owned("strategy")},
    "portfolio/goals/<uuid:goal_id>/backtest/": {"POST": owned("goal")},
    "actions/replays/": {"GET": own()},
    "actions/replays/<uuid:run_id>/": {"GET": owned("replay"), "DELETE": owned("replay")},
    "actions/<uuid:action_id>/": {"GET": owned("action"), "PATCH": owned("action"), "DELETE": owned("action")},
    "actions/<uuid:action_id>/pause/": {"POST": owned("action")},
    "actions/<uuid:action_id>/resume/": {"POST": owned("action")},
    "actions/<uuid:action_id>/execute-now/": {"POST": owned("action")},
    "actions/<uuid:action_id>/hook/": {
        "GET": owned("hooked"),
        "POST": owned("hooked"),
        "DELETE": owned("hooked"),
    },
    "actions/<uuid:action_id>/hook/calls/": {"GET": owned("hooked")},
    "actions/<uuid:action_id>/explain/": {"GET": owned("action")},
    "actions/<uuid:action_id>/simulate/": {"POST": owned("action")},
    "actions/<uuid:action_id>/executions/": {"GET": owned("action")},
    "actions/<uuid:action_id>/versions/": {"GET": owned("action")},
    "actions/<uuid:action_id>/trace/": {"GET": owned("action")},
    "actions/<uuid:action_id>/why/": {"GET": owned("action")},
    "portfolio/goals/<uuid:goal_id>/rebalance/": {"POST": owned("goal")},
    "portfolio/goals/<uuid:goal_id>/runs/": {"GET": owned("goal")},
    "portfolio/runs/": {"GET": own()},
    "portfolio/runs/<uuid:run_id>/": {"GET": owned("run")},
    "portfolio/runs/<uuid:run_id>/cancel/": {"POST": owned("run")},
    "portfolio/runs/<uuid:run_id>/approve/": {"POST": owned("run")},
    "portfolio/runs/<uuid:run_id>/decline/": {"POST": owned("run")},
    "strategies/": {"GET": own(), "POST": own()},
    "strategies/types/": {"GET": own()},
    "strategies/<uuid:strategy_id>/": {
        "GET": owned("strategy"),
        "PATCH": owned("strategy"),
        "DELETE": owned("strategy"),
    },
    "strategies/<uuid:strategy_id>/signals/": {"GET": owned("strategy")},
    "strategies/<uuid:strategy_id>/runs/": {"GET": owned("strategy")},
    "strategies/<uuid:strategy_id>/versions/": {"GET": owned("strategy")},
    "strategies/<uuid:strategy_id>/run-now/": {"POST": owned("strategy")},
    "strategies/<uuid:strategy_id>/evidence/": {"GET": owned("strategy")},
    "strategies/<uuid:strategy_id>/promote/": {"POST": owned("strategy")},
    **{
        route: {method: Access(kind=kind, arguments=more) for method, (kind, more) in methods.items()}
        for route, methods in AGENT_ROUTES.items()
    },
}

# What fills the paths of the site's pages: their parameter -> a thing of the world, or a fixed word.
PAGE_ARGUMENTS = {
    "action_id": "action",
    "order_id": "order",
    "alert_id": "alert",
    "portfolio_id": "portfolio",
    "missed_id": "missed",
    "run_id": "replay",
    "agent_run_id": "agent_run",
    "draft_id": "agent_draft",
    "suggestion_id": "suggestion",
    "conversation_id": "conversation",
    "message_id": "chat_message",
    "price_id": "agent_price",
    "goal_id": "goal",
    "rebalance_id": "run",
    "config_id": "config",
    "channel_id": "channel",
    "token_id": "token",
    "account_id": "account",
    "strategy_id": "strategy",
    "job_id": "job",
    "job_run_id": "job_run",
    "backtest_id": "backtest",
}


def a_backtest(user: User, portfolio: Portfolio, at: datetime) -> BacktestRun:
    return BacktestRun.objects.create(
        user=user, portfolio=portfolio, kind="strategy", name="MA cross", spec={}, params={}, symbols=["AAPL"],
        timeframe="1d", start=at - timedelta(days=30), end=at, cash=D(1000), created_at=at,
    )  # fmt: skip


def world_of(user: User) -> dict[str, Any]:
    """One of each thing that a route can be about, belonging to `user` (who has an account): kind -> id."""
    at = now()
    open_market(day=at.date())
    quote("AAPL", "200", at=at)
    portfolio = Portfolio.objects.get(user=user)
    open_position(portfolio=portfolio, symbol="AAPL", quantity=D(1), price=D(200), at=at, now=at)
    alert = raise_alert(user_id=user.pk, kind="note", title="Hello", now=at, dedupe_key="world")
    assert alert is not None
    config = configs.create(
        user=user, data={"alert_type": "price", "condition": {"symbol": "AAPL", "above": "250"}}, now=at
    )
    action = create_action(
        user=user,
        data={
            "action_type": "BUY",
            "symbol": "AAPL",
            "quantity": "1",
            "trigger_type": "price_below",
            "trigger_params": {"threshold": "150"},
        },
        now=at,
        actor="test",
    )
    hooked = create_action(
        user=user,
        data={"action_type": "NOTIFY", "symbol": "AAPL", "trigger_type": "webhook", "trigger_params": {}},
        now=at,
        actor="test",
    )
    hooks.generate(user=user, action_id=hooked.pk, signed=False, now=at)
    strategy = create_strategy(
        user=user,
        data={"strategy_type": "momentum", "symbols": ["AAPL"], "name": "World"},
        now=at,
        actor="test",
    )
    missed = Missed.objects.create(action=action, due_at=at, found_at=at, policy="ask", outcome="asked")
    order = place(
        OrderIntent(
            portfolio_id=portfolio.pk,
            source_kind="manual",
            source_id=str(new_id()),
            idempotency_key=str(new_id()),
            symbol="AAPL",
            side="buy",
            quantity=D(1),
            expires_at=None,
        ),
        now=at,
    )
    channel = AlertChannel.objects.create(
        user=user, name="world", kind="webhook", hint="https://example.com/…", created_at=at, updated_at=at
    )
    Credential.objects.create(  # as in an installation whose field key is lost
        user=user, kind="channel", name=str(channel.pk), ciphertext=b"", key_id="lost", created_at=at, updated_at=at
    )
    goal = create_goal(user=user, data={"name": "World", "target_weights": {"AAPL": "1"}}, now=at, actor="test")
    job = create_job(user=user, data={"job_type": "alert_check", "schedule": "30 9 * * *"}, now=at)
    job_run = JobRun.objects.create(
        job=job, due_at=at, created_at=at, finished_at=at, state="succeeded", cause="schedule"
    )
    token, _ = create_token(user=user, name="world", scopes=["read"], now=at)
    run = rebalance(user=user, goal_id=goal.pk, actor="test", now=at)
    return {
        "token": token.pk,
        "alert": alert.pk,
        "channel": channel.pk,
        "config": config.pk,
        "action": action.pk,
        "hooked": hooked.pk,
        "goal": goal.pk,
        "run": run.pk,
        "missed": missed.pk,
        "strategy": strategy.pk,
        "order": order.pk,
        "job": job.pk,
        "job_run": job_run.pk,
        "portfolio": portfolio.pk,
        "account": BrokerAccount.objects.get_or_create(portfolio=portfolio)[0].pk,
        "replay": ReplayRun.objects.create(user=user, action=action, rule={}, params={}, created_at=at).pk,
        "backtest": a_backtest(user, portfolio, at).pk,
        **agent_world(user, portfolio, action.pk, at),
    }
