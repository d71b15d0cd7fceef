"""Cancelling, expiring, approving, declining."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from alerts.models import Alert
from common.errors import Conflict, NotFound
from markets.models import Quote
from orders.approvals import approve, decline
from orders.cancelling import cancel_order
from orders.claiming import claim_next
from orders.expiring import expire
from orders.models import Order
from orders.placing import place
from orders.submitting import submit_many
from portfolios.models import Holding
from safety import switch
from tests.orders.making import NOW, Desk, forget_messages, messages, open_desk, quote
from tests.orders.remote import go_remote, states

pytestmark = pytest.mark.django_db


def cancel(desk: Desk, order: Order) -> Order:
    return cancel_order(user=desk.user, order_id=order.pk, now=NOW, actor="ada")


class TestCancelling:
    def test_before_it_is_sent(self, desk):
        order = cancel(desk, place(desk.intent(), now=NOW))
        assert (order.state, order.reason) == ("cancelled", "cancelled by ada")
        submit_many([order.pk], now=NOW)
        assert Order.objects.get().state == "cancelled"

    def test_at_the_embedded_broker(self, desk):
        order = place(desk.intent(order_type="limit", limit_price=D(95)), now=NOW)
        submit_many([order.pk], now=NOW)
        assert cancel(desk, order).state == "cancelled"
        assert cancel(desk, order).state == "cancelled"  # twice is harmless

    def test_at_a_remote_broker_keeps_what_filled(self, desk):
        exchange = go_remote(desk)
        order = place(desk.intent(), now=NOW)
        submit_many([order.pk], now=NOW)
        exchange.tell([exchange.fill(order.client_order_id, D(4), D(100), NOW)])
        order = cancel(desk, order)
        assert (order.state, order.filled_quantity) == ("cancelled", 4)
        assert Holding.objects.get().quantity == 4

    def test_filled_meanwhile_is_filled(self, desk):
        exchange = go_remote(desk)
        order = place(desk.intent(), now=NOW)
        submit_many([order.pk], now=NOW)
        exchange.tell([exchange.fill(order.client_order_id, D(10), D(100), NOW)])
        assert cancel(desk, order).state == "filled"

    def test_on_the_wire_is_a_conflict(self, desk):
        order = place(desk.intent(), now=NOW)
        claim_next(now=NOW)
        with pytest.raises(Conflict, match="being sent this very moment"):
            cancel(desk, order)

    def test_over_is_a_conflict(self, desk):
        order = place(desk.intent(), now=NOW)
        submit_many([order.pk], now=NOW)
        with pytest.raises(Conflict, match="is filled: there is nothing left"):
            cancel(desk, order)

    def test_of_another_user_is_not_there(self, desk, other):
        order = place(desk.intent(), now=NOW)
        with pytest.raises(NotFound):
            cancel(other, order)
        assert Order.objects.get().state == "queued"


class TestExpiring:
    def test_queued_and_awaiting(self, market):
        desk = open_desk("ada", large_order_pct=D(1))
        queued, waiting = place(desk.intent(quantity=D(1)), now=NOW), place(desk.intent(quantity=D(50)), now=NOW)
        assert expire(now=NOW + timedelta(seconds=119)) == 0
        assert expire(now=NOW + timedelta(seconds=120)) == 1
        assert expire(now=NOW + timedelta(minutes=15)) == 1
        found = {order.pk: order.reason_code for order in Order.objects.filter(state="expired")}
        assert found == {queued.pk: "ORDER_EXPIRED", waiting.pk: "APPROVAL_EXPIRED"}
        assert Alert.objects.filter(kind="expired").count() == 2


class TestApprovals:
    @pytest.fixture
    def desk(self, market) -> Desk:
        return open_desk("ada", large_order_pct=D(1))

    @pytest.fixture
    def order(self, desk) -> Order:
        order = place(desk.intent(quantity=D(50)), now=NOW)
        assert order.state == "awaiting_approval"
        return order

    def test_approved_goes_on(self, desk, order, django_capture_on_commit_callbacks):
        forget_messages()
        later = NOW + timedelta(minutes=14)
        quote("AAPL", "100", at=later)
        with django_capture_on_commit_callbacks(execute=True):
            order = approve(user=desk.user, order_id=order.pk, now=later, actor="ada")
        assert (order.state, order.approved_by, order.approved_at) == ("queued", "ada", later)
        assert ("orders.submit", {"portfolio_ids": [str(desk.portfolio.pk)]}) in messages()
        submit_many([order.pk], now=later)
        order.refresh_from_db()
        assert order.state == "filled"
        assert states(order)[:3] == ["proposed", "awaiting_approval", "queued"]

    def test_counts_once(self, desk, order):
        approve(user=desk.user, order_id=order.pk, now=NOW, actor="ada")
        with pytest.raises(Conflict, match="is queued: it does not wait"):
            approve(user=desk.user, order_id=order.pk, now=NOW, actor="ada")

    def test_not_for_ever(self, desk, order):
        with pytest.raises(Conflict, match="was possible until"):
            approve(user=desk.user, order_id=order.pk, now=NOW + timedelta(minutes=15), actor="ada")
        assert Order.objects.get().state == "awaiting_approval"

    def test_does_not_overrule_the_gate(self, desk, order):
        switch.kill(scope="user", user=desk.user, actor="ada", now=NOW)
        order = approve(user=desk.user, order_id=order.pk, now=NOW, actor="ada")
        assert (order.state, order.reason_code) == ("blocked", "KILL_SWITCH_ACTIVE")
        assert "but now denied" in order.transitions.last().note

    def test_judges_with_the_price_of_now(self, desk, order):
        Quote.objects.filter(pk="AAPL").update(at=NOW - timedelta(minutes=1))
        order = approve(user=desk.user, order_id=order.pk, now=NOW, actor="ada")
        assert order.reason_code == "QUOTE_STALE"

    def test_declined_is_over(self, desk, order):
        order = decline(user=desk.user, order_id=order.pk, now=NOW, actor="ada")
        assert (order.state, order.reason) == ("declined", "Declined by ada.")
        with pytest.raises(Conflict):
            approve(user=desk.user, order_id=order.pk, now=NOW, actor="ada")

    def test_another_user_cannot(self, order, other):
        for act in (approve, decline):
            with pytest.raises(NotFound):
                act(user=other.user, order_id=order.pk, now=NOW, actor="bob")
        assert Order.objects.get(pk=order.pk).state == "awaiting_approval"
