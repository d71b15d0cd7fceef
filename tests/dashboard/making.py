"""Rules and visitors for tests of the pages."""

from __future__ import annotations

from typing import Any

from django.test import Client

from automation import lifecycle
from automation.models import Action
from common.clock import now
from tests.orders.making import Desk


def signed_in(desk: Desk, **options: Any) -> Client:
    """A browser of the desk's user."""
    client = Client(**options)
    client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def rule(desk: Desk, **changes: Any) -> Action:
    """A rule of the desk's user: buy 10 AAPL when it is at or below 90."""
    data: dict[str, Any] = {
        "action_type": "BUY",
        "symbol": "AAPL",
        "quantity": "10",
        "trigger_type": "price_below",
        "trigger_params": {"threshold": "90"},
        **changes,
    }
    return lifecycle.create_action(user=desk.user, data=data, now=now(), actor="ada")


def typed(**changes: str) -> dict[str, str]:
    """The action form as a person fills it in, by the names of its inputs."""
    return {
        "action_type": "BUY",
        "mode": "auto",
        "symbol": "aapl",
        "size": "10",
        "size_kind": "quantity",
        "order_type": "market",
        "time_in_force": "day",
        "trigger_type": "price_below",
        "price_below-threshold": "90",
        "price_below-edge": "level",
        "max_executions": "1",
        "cooldown_seconds": "0",
        **changes,
    }
