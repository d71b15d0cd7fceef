"""Who may do what on every route. Add yours here: `test_every_route` fails on a route or method without an entry.

- `everybody`: no sign-in asked.
- `own()`: signed in; it shows and changes one's own things only (its room tests that).
- `owned("action")`: the same, about one thing of the world below; for anybody but its owner it does not exist (404).

Everything but `everybody` answers 401 to strangers, and 403 to a personal token without the scope.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from accounts.models import Credential, User
from accounts.tokens import create_token
from alerts import configs
from alerts.models import AlertChannel
from alerts.raising import raise_alert
from automation.hooks import keeping as hooks
from automation.lifecycle import create_action
from automation.models import Missed, ReplayRun
from common.clock import now
from common.ids import new_id
from orders.placing import place
from orders.types import OrderIntent
from portfolios.ledger import open_position
from portfolios.models import Portfolio
from tests.orders.making import D, open_market, quote


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
    "portfolios/<uuid:pk>/equity-curve/": {"GET": owned("portfolio")},
    "portfolios/<uuid:pk>/audit/": {"GET": owned("portfolio")},
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
}

# What fills the paths of the site's pages: their parameter -> a thing of the world, or a fixed word.
PAGE_ARGUMENTS = {
    "action_id": "action",
    "order_id": "order",
    "alert_id": "alert",
    "portfolio_id": "portfolio",
    "missed_id": "missed",
    "run_id": "replay",
}


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
    token, _ = create_token(user=user, name="world", scopes=["read"], now=at)
    return {
        "token": token.pk,
        "alert": alert.pk,
        "channel": channel.pk,
        "config": config.pk,
        "action": action.pk,
        "hooked": hooked.pk,
        "missed": missed.pk,
        "order": order.pk,
        "portfolio": portfolio.pk,
        "replay": ReplayRun.objects.create(user=user, action=action, rule={}, params={}, created_at=at).pk,
    }
