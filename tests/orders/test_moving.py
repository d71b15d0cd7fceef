"""The state machine, in Python and in the database: they know the same steps."""

import pytest
from django.db import IntegrityError, connection, transaction

from common.errors import Conflict
from orders.models import Order
from orders.moving import Move, move, move_many
from orders.placing import place
from orders.states import AT_BROKER, IN_FLIGHT, TERMINAL, OrderState, may_become
from tests.orders.making import NOW
from tests.orders.remote import states

pytestmark = pytest.mark.django_db


def force(order: Order, state: str) -> None:
    """Put an order into a state behind the trigger's back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # deferred foreign keys would forbid ALTER TABLE
        cursor.execute("ALTER TABLE orders_order DISABLE TRIGGER state_machine")
        cursor.execute("UPDATE orders_order SET state = %s WHERE id = %s", [state, order.pk])
        cursor.execute("ALTER TABLE orders_order ENABLE TRIGGER state_machine")


def test_the_trigger_knows_the_same_steps(desk):
    order = place(desk.intent(), now=NOW)
    refused, allowed = set(), set()
    for old in OrderState:
        for new in OrderState:
            if old == new:
                continue
            force(order, old)
            try:
                with transaction.atomic():
                    Order.objects.filter(pk=order.pk).update(state=new)
            except IntegrityError:
                refused.add((old, new))
            else:
                allowed.add((old, new))
    assert allowed == {(a, b) for a in OrderState for b in OrderState if may_become(a, b)}
    assert len(refused) == len(OrderState) * (len(OrderState) - 1) - len(allowed)


def test_the_sets_of_states_fit_together():
    assert AT_BROKER < IN_FLIGHT
    assert IN_FLIGHT.isdisjoint(TERMINAL)
    assert set(OrderState) == IN_FLIGHT | TERMINAL | {OrderState.PROPOSED}


def test_a_step_leaves_a_transition(desk):
    order = place(desk.intent(), now=NOW)
    move(order, OrderState.CANCELLED, now=NOW, note="by hand")
    order.refresh_from_db()
    assert (order.state, order.closed_at) == ("cancelled", NOW)
    assert states(order) == ["proposed", "queued", "cancelled"]


def test_an_unknown_step_is_a_conflict_and_changes_nothing(desk):
    order = place(desk.intent(), now=NOW)
    with pytest.raises(Conflict, match="is queued and cannot become filled"):
        move(order, OrderState.FILLED, now=NOW)
    assert states(order) == ["proposed", "queued"]


def test_who_is_late_changes_nothing(desk):
    order = place(desk.intent(), now=NOW)
    stale = Order.objects.get(pk=order.pk)
    move(order, OrderState.CANCELLED, now=NOW)
    with pytest.raises(Conflict, match="changed by someone else"):
        move(stale, OrderState.EXPIRED, now=NOW)
    assert states(order) == ["proposed", "queued", "cancelled"]


def test_a_lost_lease_writes_nothing(desk):
    order = place(desk.intent(), now=NOW)
    wrong = Move(order=order, to=OrderState.CANCELLED, lease_token=order.pk)
    assert move_many([wrong], now=NOW) == []
    assert order.state == OrderState.QUEUED


def test_odd_texts_survive_the_bulk_statement(desk):
    order = place(desk.intent(), now=NOW)
    order.reason = 'a "quoted" \\ back{slash}, NULL, é'
    order.raw = {"text": 'x"y\\z', "nothing": None}
    move(order, OrderState.CANCELLED, now=NOW, note=order.reason)
    fresh = Order.objects.get(pk=order.pk)
    assert (fresh.reason, fresh.raw) == (order.reason, order.raw)
    assert fresh.transitions.get(to_state="cancelled").note == order.reason
