"""Submitting across a wire that fails in every way: one order at the broker, never a blind retry."""

from datetime import timedelta
from decimal import Decimal as D
from uuid import uuid4

import pytest

from alerts.models import Alert
from orders.claiming import claim_next
from orders.models import Order
from orders.outcomes import back_off
from orders.placing import place
from orders.submitting import send, submit_many
from portfolios.models import Holding
from safety import switch
from tests.orders.making import NOW, quote
from tests.orders.remote import go_remote, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def exchange(desk):
    return go_remote(desk)


def at(seconds: float):
    moment = NOW + timedelta(seconds=seconds)
    if seconds:
        quote("AAPL", "100", at=moment)
    return moment


def submit(order: Order, seconds: float = 0) -> Order:
    submit_many([order.pk], now=at(seconds))
    order.refresh_from_db()
    return order


def test_the_clear_case(desk, exchange):
    order = submit(place(desk.intent(), now=NOW))
    assert (order.state, order.broker_order_id) == ("accepted", "b1")
    assert exchange.posts == [order.client_order_id]


def test_executions_are_booked_right_after_submitting(desk, exchange):
    first = submit(place(desk.intent(), now=NOW))
    exchange.tell([exchange.fill(first.client_order_id, D(10), D("100.01"), NOW)])
    submit(place(desk.intent(symbol="MSFT"), now=NOW))
    first.refresh_from_db()
    assert first.state == "filled"
    assert Holding.objects.get().quantity == 10


@pytest.mark.parametrize("fault", ["timeout_after", "error_500_after"])
def test_accepted_without_an_answer_is_found_by_look_up(desk, exchange, fault):
    exchange.faults = [fault]
    order = submit(place(desk.intent(), now=NOW))
    assert (order.state, order.reason_code) == ("unknown", "OUTCOME_UNKNOWN")
    assert NOW < order.not_before <= NOW + timedelta(seconds=2)
    order = submit(order, 3)
    assert order.state == "accepted"
    assert exchange.posts == [order.client_order_id]
    assert states(order) == ["proposed", "queued", "submitting", "unknown", "submitting", "accepted"]


def test_it_is_not_looked_up_before_its_time(desk, exchange):
    exchange.faults = ["timeout_after"]
    order = submit(place(desk.intent(), now=NOW))
    assert submit(order, 0.5).state == "unknown"


def test_never_arrived_is_sent_again_under_the_same_id(desk, exchange):
    exchange.faults = ["timeout_before"]
    order = submit(place(desk.intent(), now=NOW))
    assert order.state == "unknown"
    order = submit(order, 3)
    assert order.state == "accepted"
    assert list(exchange.orders) == [order.client_order_id]


def test_never_arrived_and_too_old_is_not_sent(desk, exchange):
    exchange.faults = ["timeout_before"]
    order = submit(place(desk.intent(), now=NOW))
    order = submit(order, 130)
    assert (order.state, order.reason_code) == ("not_accepted", "ORDER_EXPIRED")
    assert exchange.orders == {}
    assert Alert.objects.get().kind == "failure"


def test_never_arrived_and_denied_by_now_is_not_sent(desk, exchange):
    exchange.faults = ["timeout_before"]
    order = submit(place(desk.intent(), now=NOW))
    switch.kill(scope="user", user=desk.user, actor="ada", now=NOW)
    order = submit(order, 3)
    assert (order.state, order.reason_code) == ("not_accepted", "KILL_SWITCH_ACTIVE")
    assert exchange.orders == {}


def test_killed_meanwhile_but_live_is_adopted_so_that_it_can_be_cancelled(desk, exchange):
    exchange.faults = ["timeout_after"]
    order = submit(place(desk.intent(), now=NOW))
    switch.kill(scope="user", user=desk.user, actor="ada", now=NOW)
    assert submit(order, 3).state == "accepted"


def test_an_error_of_an_order_that_went_through_is_not_believed(desk, exchange):
    exchange.faults = ["refused_but_live"]
    assert submit(place(desk.intent(), now=NOW)).state == "accepted"


def test_a_refusal_is_final(desk, exchange):
    exchange.faults = ["rejected"]
    order = submit(place(desk.intent(), now=NOW))
    assert (order.state, order.reason_code) == ("rejected", "BUYING_POWER")
    assert submit(order, 3).state == "rejected"
    assert len(exchange.posts) == 1


def test_a_rate_limit_is_waited_out(desk, exchange):
    exchange.faults = ["rate_limited"]
    order = submit(place(desk.intent(), now=NOW))
    assert order.state == "unknown"
    assert submit(order, 3).state == "accepted"
    assert exchange.posts == [order.client_order_id]


def test_a_failing_look_up_waits_longer_each_time(desk, exchange):
    exchange.faults = ["timeout_after"]
    order = submit(place(desk.intent(), now=NOW))
    exchange.down = True
    order = submit(order, 3)
    assert order.state == "unknown"
    assert order.reason == "The look-up failed: connection refused"
    assert order.not_before > at(4)
    exchange.down = False
    assert submit(order, 10).state == "accepted"


def test_the_waits():
    assert [back_off(n).total_seconds() for n in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_worker_that_lost_its_lease_records_nothing(desk, exchange):
    order = place(desk.intent(), now=NOW)
    claim = claim_next(now=NOW)
    thief = uuid4()
    Order.objects.filter(pk=order.pk).update(lease_token=thief)
    send(claim)  # frozen between claim and wire: it may still send, the id makes it a duplicate at worst
    order.refresh_from_db()
    assert (order.state, order.lease_token) == ("submitting", thief)
    Order.objects.filter(pk=order.pk).update(lease_until=NOW)
    assert submit(order, 31).state == "accepted"
    assert len(exchange.orders) == 1


def test_a_worker_that_was_frozen_too_long_sends_nothing(desk, exchange):
    order = place(desk.intent(), now=NOW)
    claim = claim_next(now=NOW)
    claim.watch._began -= 21
    send(claim)
    order.refresh_from_db()
    assert order.state == "submitting"
    assert exchange.posts == []


def test_one_unknown_order_stops_others_on_its_symbol(desk, exchange):
    exchange.faults = ["timeout_before"]
    submit(place(desk.intent(), now=NOW))
    assert place(desk.intent(quantity=D(3)), now=NOW).reason_code == "UNKNOWN_ORDER_OPEN"
    assert place(desk.intent(symbol="MSFT"), now=NOW).state == "queued"
