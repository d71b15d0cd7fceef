"""Large orders wait for a person: what can happen until the click, and after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import pytest

from accounts.tokens import create_token
from alerts.models import Alert
from automation.lifecycle import cancel
from automation.models import Action, ActionExecution
from common.clock import now
from orders.models import Order
from tests.journeys import proof
from tests.journeys.market import Listing
from tests.journeys.people import Person, firings, order_of, until_done
from tests.journeys.stack import Stack
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey


@pytest.fixture
def rule(ann: Person, listing: Listing) -> Iterator[Action]:
    """Buys 5 shares at $95 or less; more than $100 or so need Ann's word. Cancelled in the end: it would try again."""
    ann.limits(large_order_pct="0.1")
    action = ann.rule(listing, "price_below", {"threshold": "95"}, max_executions=1)
    yield action
    cancel(user=ann.user, action_id=action.id, now=now(), actor="journey")


@pytest.fixture
def order(rule: Action, listing: Listing) -> Order:
    """The rule fired, and its order waits."""
    listing.trade("94")

    def waits() -> bool:
        return [execution.state for execution in firings(rule)] == ["awaiting_approval"]

    eventually(waits, "the order waits for a person", meanwhile=listing.repeat)
    waiting = order_of(firings(rule)[0])
    assert waiting.state == "awaiting_approval"
    assert Alert.objects.filter(user=rule.user, kind="approval", dedupe_key__contains=str(waiting.pk)).count() == 1
    return waiting


def click(api: httpx.Client, order: Order, listing: Listing, *, note: str = "") -> httpx.Response:
    """Approve, at a price that is not old."""
    listing.repeat()
    return api.post(f"approvals/{order.pk}/approve/", json={"note": note})


def ended(rule: Action) -> ActionExecution:
    return until_done(rule, 1)[0]


def test_approved(stack: Stack, ann: Person, listing: Listing, rule: Action, order: Order):
    with ann.api(stack.url) as api:
        listing.trade("94.20")
        shown = api.get(f"approvals/{order.pk}/").json()
        assert next(change["name"] for change in shown["changes"] if change["changed"]) == "price"
        answer = click(api, order, listing, note="a good price")
        assert (answer.status_code, answer.json()["state"]) == (200, "queued"), answer.text
    assert ended(rule).state == "succeeded"
    proof.traded_once(rule)
    order.refresh_from_db()
    assert (order.approved_by, order.approval_note) == (ann.user.username, "a good price")


def test_expired(stack: Stack, ann: Person, listing: Listing, rule: Action, order: Order):
    Order.objects.filter(pk=order.pk).update(expires_at=now() - timedelta(seconds=1))
    assert ended(rule).state == "expired"
    with ann.api(stack.url) as api:
        refused = click(api, order, listing)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    order.refresh_from_db()
    assert (order.state, order.reason_code) == ("expired", "APPROVAL_EXPIRED")


def test_the_price_left_the_collar(stack: Stack, ann: Person, listing: Listing, rule: Action, order: Order):
    listing.trade("92")
    with ann.api(stack.url) as api:
        answer = click(api, order, listing).json()
    assert (answer["state"], answer["reason_code"]) == ("blocked", "APPROVAL_STALE")
    assert "$94 when you were asked and is $92 now" in answer["reason"]
    execution = ended(rule)
    assert (execution.state, execution.reason_code) == ("blocked", "APPROVAL_STALE")


def test_the_cap_was_used_up_meanwhile(stack: Stack, ann: Person, listing: Listing, rule: Action, order: Order):
    """One order a day: what waits has reserved it, but a sale that shrinks a position passes all the same."""
    ann.limits(max_daily_trades=1)
    another = Listing()
    ann.owns(another, 5)
    with ann.api(stack.url) as api:
        sold = api.post("orders/", json={"symbol": another.symbol, "side": "sell", "quantity": "1"})
        assert (sold.status_code, sold.json()["state"]) == (201, "queued"), sold.text
        eventually(lambda: Order.objects.get(pk=sold.json()["id"]).state == "filled", "it is sold")
        answer = click(api, order, listing).json()
    assert (answer["state"], answer["reason_code"]) == ("blocked", "DAILY_TRADE_CAP")
    assert "the limit is 1 a day" in answer["reason"]
    assert ended(rule).reason_code == "DAILY_TRADE_CAP"


def test_used_twice(stack: Stack, ann: Person, listing: Listing, rule: Action, order: Order):
    with ann.api(stack.url) as api:
        answers = [click(api, order, listing) for _ in range(2)]
        declined = api.post(f"approvals/{order.pk}/decline/")
    assert [answer.status_code for answer in (*answers, declined)] == [200, 409, 409]
    assert ended(rule).state == "succeeded"
    proof.traded_once(rule)


def test_by_an_api_token(stack: Stack, ann: Person, listing: Listing, rule: Action, order: Order):
    """A script may trade, but not say yes to itself; nor may it give itself the scope to."""
    _, secret = create_token(user=ann.user, name="script", scopes=["read", "trade", "admin"], now=now())
    headers: dict[str, Any] = {"Authorization": f"Token {secret}"}
    with httpx.Client(base_url=f"{stack.url}/api/", headers=headers, timeout=60) as script:
        assert script.get(f"approvals/{order.pk}/").status_code == 200
        for verb in ("approve", "decline"):
            refused = script.post(f"approvals/{order.pk}/{verb}/")
            assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
        wanted = {"name": "more", "scopes": ["approve"]}
        assert script.post("auth/tokens/", json=wanted).status_code == 403
    order.refresh_from_db()
    assert order.state == "awaiting_approval"
    with ann.api(stack.url) as api:
        assert api.post(f"approvals/{order.pk}/decline/").json()["state"] == "declined"
    assert ended(rule).state == "blocked"
