"""The people of the journeys: fresh accounts as the sign-up page opens them, with the default limits."""

from __future__ import annotations

import itertools
from typing import Any

import httpx2 as httpx

from accounts.jwt import new_pair
from accounts.models import User
from automation.lifecycle import create_action
from automation.models import Action, ActionExecution
from brokers.models import BrokerAccount
from common.clock import now
from orders.models import Order
from portfolios.ledger import open_position
from portfolios.models import Portfolio
from puffling_site.signup import open_account
from safety.models import SafetyPolicy
from tests.journeys.market import D, Listing
from tests.journeys.waiting import eventually

_numbers = itertools.count(1)
ENDED = {"succeeded", "failed", "blocked", "skipped", "expired"}


class Person:
    """A user with $100,000 on paper."""

    def __init__(self, name: str = "trader") -> None:
        self.user: User = open_account(
            username=f"{name}{next(_numbers)}", password="a long enough pass-phrase 1", now=now()
        )
        self.portfolio = Portfolio.objects.get(user=self.user, primary=True)
        self.account = BrokerAccount.objects.get(portfolio=self.portfolio)
        # A quote may grow older than 15 s while a busy machine starts processes: that is not what journeys are about.
        self.limits(quote_max_age_seconds=900)

    def limits(self, **values: Any) -> None:
        """Other limits than the default ones."""
        SafetyPolicy.objects.filter(user=self.user).update(**values)

    def owns(self, listing: Listing, quantity: int = 20) -> None:
        """Shares brought in at today's price."""
        open_position(
            portfolio=self.portfolio,
            symbol=listing.symbol,
            quantity=D(quantity),
            price=listing.price,
            at=now(),
            now=now(),
        )

    def rule(self, listing: Listing | None, trigger: str, params: dict[str, Any], **fields: Any) -> Action:
        """An Action: buys 5 shares unless said otherwise."""
        data: dict[str, Any] = {"action_type": "BUY", "trigger_type": trigger, "trigger_params": params}
        if listing is not None:
            data["symbol"] = listing.symbol
        armed_at = fields.pop("armed_at", None) or now()
        if fields.get("action_type", "BUY") != "NOTIFY" and not {"percent_of_position", "amount_usd"} & fields.keys():
            data["quantity"] = "5"
        return create_action(user=self.user, data={**data, **fields}, now=armed_at, actor="journey")

    def api(self, url: str) -> httpx.Client:
        """A client of the HTTP API, signed in with a JWT."""
        headers = {"Authorization": f"Bearer {new_pair(self.user).access}"}
        return httpx.Client(base_url=f"{url}/api/", headers=headers, timeout=60)


def firings(action: Action) -> list[ActionExecution]:
    return list(ActionExecution.objects.filter(action=action).order_by("epoch"))


def order_of(execution: ActionExecution) -> Order:
    return Order.objects.get(source_kind="action_execution", source_id=str(execution.id))


def until_done(action: Action, times: int, listing: Listing | None = None) -> list[ActionExecution]:
    """Until the action fired so often and each firing came to its end."""

    def done() -> bool:
        found = firings(action)
        return len(found) >= times and all(execution.state in ENDED for execution in found)

    meanwhile = listing.repeat if listing else None
    eventually(done, f"{action.trigger_type} fired and was carried out {times} times", meanwhile=meanwhile)
    return firings(action)
