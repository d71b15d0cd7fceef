"""The kill switch while four processes submit: when it has answered, nothing is accepted any more."""

from __future__ import annotations

import random
import time
from datetime import datetime

import httpx2 as httpx
import pytest
from django.core.management import call_command

from brokers.models import BrokerAccount, PaperOrder
from brokers.opening import open_paper_account
from common.clock import now
from common.ids import new_id
from orders.models import Order
from orders.placing import place_many
from orders.states import TERMINAL
from orders.types import OrderIntent
from portfolios.ledger import deposit
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio
from tests.journeys.market import D, Listing
from tests.journeys.people import Person, until_done
from tests.journeys.stack import Stack
from tests.journeys.waiting import eventually
from tests.orders.making import WIDE

pytestmark = pytest.mark.journey
ROUNDS = 50
PORTFOLIOS = 4  # as many as there are processes: each portfolio is worked on by one at a time
ORDERS = 10  # per portfolio and round


class Storm:
    """One user whose portfolios place many orders at once."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.person = Person("storm")
        self.person.limits(**WIDE)
        deposit(portfolio=self.person.portfolio, amount=D(900_000), now=now())
        self.portfolios = [self.person.portfolio]
        for number in range(1, PORTFOLIOS):
            portfolio = open_portfolio(
                user=self.person.user, name=f"Desk {number}", cash=D(1_000_000), now=now(), primary=False
            )
            open_paper_account(portfolio=portfolio)
            self.portfolios.append(portfolio)

    def break_out(self) -> list[str]:
        """Half of the orders trade at once, half would rest. Returns their client order ids."""
        placed = []
        for portfolio in self.portfolios:
            intents = [self.intent(portfolio, rests=number % 2 == 1) for number in range(ORDERS)]
            placed += place_many(portfolio_id=portfolio.pk, intents=intents, now=now())
        return [order.client_order_id for order in placed]

    def intent(self, portfolio: Portfolio, *, rests: bool) -> OrderIntent:
        return OrderIntent(
            portfolio_id=portfolio.pk,
            source_kind="manual",
            source_id=str(self.person.user.pk),
            idempotency_key=f"storm:{new_id()}",
            symbol=self.listing.symbol,
            side="buy",
            quantity=D(1),
            order_type="limit" if rests else "market",
            limit_price=D(95) if rests else None,
            time_in_force="gtc",
        )


def pull(api: httpx.Client) -> datetime:
    """Kill over HTTP; returns when the answer was here."""
    report = api.post("safety/kill/", json={"scope": "user", "reason": "journey"})
    returned = now()
    assert report.status_code == 200, report.text
    assert report.json()["verified_in_seconds"] is not None, report.text
    return returned


def at_the_broker(ids: list[str]) -> dict[str, tuple[str, datetime]]:
    found = PaperOrder.objects.filter(client_order_id__in=ids)
    return {key: (status, at) for key, status, at in found.values_list("client_order_id", "status", "accepted_at")}


def test_nothing_is_accepted_after_a_kill_has_answered(stack: Stack, listing: Listing):
    storm = Storm(listing)
    rounds: list[tuple[list[str], dict[str, tuple[str, datetime]]]] = []
    with storm.person.api(stack.url) as api:
        for number in range(ROUNDS):
            listing.repeat()
            ids = storm.break_out()
            time.sleep(random.uniform(0, 0.15))
            returned = pull(api)
            accepted = at_the_broker(ids)
            ours = Order.objects.filter(client_order_id__in=ids)
            assert not ours.exclude(state__in=TERMINAL).exists()
            assert all(at <= returned for _, at in accepted.values())
            assert {status for status, _ in accepted.values()} <= {"filled", "cancelled"}
            if number % 10 == 0:
                assert {order.state for order in place_one_each(storm)} == {"blocked"}
            rounds.append((ids, accepted))
            assert api.post("safety/resume/", json={"scope": "user", "word": "RESUME"}).status_code == 200
    for ids, accepted in rounds:
        assert at_the_broker(ids) == accepted  # nothing came later
    caught = [len(accepted) for _, accepted in rounds]
    assert 0 < sum(caught) < ROUNDS * PORTFOLIOS * ORDERS, caught  # the switch was pulled in the middle of it


def place_one_each(storm: Storm) -> list[Order]:
    """One order per portfolio while the switch is on."""
    return [
        order
        for portfolio in storm.portfolios
        for order in place_many(portfolio_id=portfolio.pk, intents=[storm.intent(portfolio, rests=False)], now=now())
    ]


def test_rules_that_fire_while_everything_is_killed_are_blocked_and_told(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "price_below", {"threshold": "95"}, max_executions=1)
    resting = Order.objects.filter(portfolio=ann.portfolio)
    with ann.api(stack.url) as api:
        asked = {"symbol": listing.symbol, "side": "buy", "quantity": "1", "order_type": "limit", "limit_price": "95"}
        assert api.post("orders/", json={**asked, "time_in_force": "gtc"}).status_code == 201
        eventually(lambda: resting.get().state == "accepted", "an order rests")
        try:
            call_command("kill", "--reason", "journey", verbosity=0)
            assert resting.get().state == "cancelled"
            listing.trade("94")
            (execution,) = until_done(rule, 1)
            assert (execution.state, execution.reason_code) == ("blocked", "KILL_SWITCH_ACTIVE")
            assert not BrokerAccount.objects.get(pk=ann.account.pk).paper_orders.exclude(status="cancelled").exists()
        finally:
            call_command("resume", "RESUME", verbosity=0)
        assert api.post(f"actions/{rule.id}/execute-now/").status_code in (200, 201, 202)
    until_done(rule, 2, listing)
    assert [each.state for each in rule.executions.order_by("epoch")] == ["blocked", "succeeded"]
