"""Random histories of orders at a broker that times out, repeats itself, reorders and delays: the invariants hold.

At every step: at most one order at the broker per order of ours, executions booked once and summed right, the ledger
is what was booked, finished orders stay finished, nothing is accepted after its expiry. In the end, when the broker
is well again, both books agree to the cent.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal as D

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from brokers.port import WORKING
from common.errors import Conflict
from orders import fills
from orders.cancelling import cancel_order
from orders.claiming import claim_next
from orders.models import Fill, Order
from orders.placing import place
from orders.reconciling import reconcile
from orders.states import AT_BROKER, TERMINAL
from orders.submitting import submit_waiting
from orders.sweeping import sweep
from portfolios.auditing import audit
from portfolios.models import Holding, Portfolio
from safety import switch
from tests.fakes.broker import FAULTS
from tests.orders.making import NOW, open_desk, quote
from tests.orders.remote import go_remote, make_fake

START = D(100_000)
SYMBOLS = ("AAPL", "MSFT")


class OrderMachine(RuleBasedStateMachine):
    """One account at a fake broker."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction._from_testcase = True  # durable blocks inside are fine
        self.transaction.__enter__()
        self.now: datetime = NOW
        self.desk = open_desk("ada")
        self.exchange = go_remote(self.desk)
        self.finished: dict[object, str] = {}
        self.expiry: dict[str, datetime] = {}
        self.quote()

    def teardown(self) -> None:
        try:
            self.get_well()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def quote(self) -> None:
        for symbol in SYMBOLS:
            quote(symbol, "100", at=self.now)

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        side=st.sampled_from(["buy", "buy", "sell"]),
        quantity=st.integers(1, 5),
        seconds=st.sampled_from([5, 120]),
    )
    def place(self, symbol: str, side: str, quantity: int, seconds: int) -> None:
        expires_at = self.now + timedelta(seconds=seconds)
        order = place(
            self.desk.intent(symbol=symbol, side=side, quantity=D(quantity), expires_at=expires_at), now=self.now
        )
        self.expiry[order.client_order_id] = expires_at

    @rule(faults=st.lists(st.sampled_from(["", *FAULTS]), max_size=3))
    def submit(self, faults: list[str]) -> None:
        self.exchange.faults = faults
        submit_waiting(now=self.now, limit=5)
        self.exchange.faults = []

    @rule()
    def a_worker_dies_after_its_claim(self) -> None:
        claim_next(now=self.now)

    @rule(seconds=st.sampled_from([1, 4, 35, 130]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.quote()

    @rule(data=st.data())
    def the_market_trades(self, data: st.DataObject) -> None:
        working = [order for order in self.exchange.orders.values() if order.status in WORKING]
        if working:
            order = data.draw(st.sampled_from(working))
            left = int(order.quantity - order.filled_quantity)
            price = D(data.draw(st.sampled_from(["99.99", "100.01", "100.333333333"])))
            self.exchange.fill(order.client_order_id, D(data.draw(st.integers(1, left))), price, self.now)

    @precondition(lambda self: self.exchange.executions)
    @rule(data=st.data())
    def the_feed_tells(self, data: st.DataObject) -> None:
        """Any executions, in any order, again and again."""
        self.exchange.tell(data.draw(st.lists(st.sampled_from(self.exchange.executions), max_size=4)))

    @rule()
    def poll(self) -> None:
        fills.poll_account(self.fresh_account(), now=self.now)

    @rule()
    def sweep(self) -> None:
        sweep(self.now)

    @rule(down=st.booleans())
    def the_line_breaks_or_comes_back(self, down: bool) -> None:
        self.exchange.down = down

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        ids = list(Order.objects.order_by("created_at", "pk").values_list("pk", flat=True))
        if ids and not self.exchange.down:
            chosen = data.draw(st.sampled_from(ids))
            with suppress(Conflict):  # on the wire, or over
                cancel_order(user=self.desk.user, order_id=chosen, now=self.now, actor="ada")

    @rule(data=st.data())
    def the_broker_cancels(self, data: st.DataObject) -> None:
        working = [order for order in self.exchange.orders.values() if order.status in WORKING]
        if working:
            order = data.draw(st.sampled_from(working))
            down, self.exchange.down = self.exchange.down, False
            make_fake(self.desk.account, lambda: self.now).cancel(order.broker_order_id)
            self.exchange.down = down

    @rule()
    def kill_and_resume(self) -> None:
        arguments = {"scope": "user", "user": self.desk.user, "actor": "ada", "now": self.now}
        switch.kill(**arguments)
        submit_waiting(now=self.now, limit=5)
        switch.resume(word="RESUME", **arguments)

    @invariant()
    def one_order_at_the_broker_per_order_of_ours(self) -> None:
        ours = set(Order.objects.values_list("client_order_id", flat=True))
        assert set(self.exchange.posts) <= ours
        assert set(self.exchange.orders) <= ours

    @invariant()
    def what_we_gave_up_is_not_at_the_broker(self) -> None:
        given_up = Order.objects.filter(state__in=["blocked", "expired", "not_accepted", "rejected"], accepted_at=None)
        assert set(given_up.values_list("client_order_id", flat=True)).isdisjoint(self.exchange.orders)

    @invariant()
    def nothing_is_accepted_after_its_expiry(self) -> None:
        for order in self.exchange.orders.values():
            assert order.accepted_at <= self.expiry[order.client_order_id]

    @invariant()
    def executions_are_booked_once_and_summed(self) -> None:
        booked = list(Fill.objects.select_related("order"))
        real = {x.execution_id: x for x in self.exchange.executions}
        assert max(Counter(f.execution_id for f in booked).values(), default=1) == 1
        for fill in booked:
            assert (fill.quantity, fill.price) == (real[fill.execution_id].quantity, real[fill.execution_id].price)
        for order in Order.objects.all():
            own = [f for f in booked if f.order_id == order.pk]
            assert order.filled_quantity == sum((f.quantity for f in own), D(0)) <= order.quantity
        held: Counter[str] = Counter()
        for fill in booked:
            held[fill.order.instrument_id] += fill.quantity if fill.order.side == "buy" else -fill.quantity
        holdings = dict(Holding.objects.exclude(quantity=0).values_list("instrument_id", "quantity"))
        assert holdings == {symbol: quantity for symbol, quantity in held.items() if quantity}

    @invariant()
    def finished_orders_stay_finished(self) -> None:
        for pk, state in Order.objects.filter(state__in=TERMINAL).values_list("pk", "state"):
            assert self.finished.setdefault(pk, state) == state
        assert set(self.finished) <= set(Order.objects.filter(state__in=TERMINAL).values_list("pk", flat=True))

    def fresh_account(self):
        self.desk.account.refresh_from_db()
        return self.desk.account

    def get_well(self) -> None:
        """The line comes back, the feed tells everything: a few sweeps later both books agree."""
        self.exchange.down = False
        self.exchange.tell(self.exchange.untold())
        for _ in range(4):
            self.now += timedelta(seconds=35)
            self.quote()
            sweep(self.now)
            fills.poll_account(self.fresh_account(), now=self.now)
        states = set(Order.objects.values_list("state", flat=True))
        assert states <= TERMINAL | AT_BROKER | {"awaiting_approval"}, states
        (report,) = reconcile(now=self.now)
        assert report.mismatches == ()
        assert report.error == ""
        assert audit(Portfolio.objects.get(pk=self.desk.portfolio.pk)) == []


@pytest.mark.django_db
def test_random_histories(market):
    run_state_machine_as_test(
        OrderMachine,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
