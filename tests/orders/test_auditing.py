"""Every step of every order is in the audit log, with its facts, and a batch costs no more than one order."""

from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.cancelling import cancel_order
from orders.killing import kill
from orders.models import Order, OrderTransition
from orders.placing import place, place_many
from orders.previewing import preview_order
from orders.submitting import submit_many
from safety.models import AuditEntry
from safety.verifying import verify
from tests.orders.making import NOW, open_desk

pytestmark = pytest.mark.django_db


def entries(order: Order) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(kind="order", subject=str(order.pk)).order_by("seq"))


def test_from_the_proposal_to_the_fill(desk):
    order = place(desk.intent(limit_price=D("105.50"), order_type="limit"), now=NOW)
    submit_many([order.pk], now=NOW)
    proposed, submitting, filled = entries(order)
    assert (proposed.actor, proposed.source) == ("engine", f"action_execution:{order.source_id}")
    assert proposed.data == {
        "from": "proposed",
        "to": "queued",
        "account": str(desk.account.pk),
        "symbol": "AAPL",
        "side": "buy",
        "order_type": "limit",
        "time_in_force": "day",
        "quantity": "10",
        "notional": None,
        "limit_price": "105.5",
        "stop_price": None,
        "reduce_only": False,
        "policy_version": 1,
    }
    assert submitting.data == {"from": "queued", "to": "submitting", "note": "gate passed again"}
    assert (filled.data["to"], filled.data["filled"], filled.data["average"]) == ("filled", "10", "100.01")


def test_a_blocked_order_says_why_and_has_no_size_if_it_had_none(desk):
    order = place(desk.intent(percent_of_position=D(50), side="sell"), now=NOW)
    (entry,) = entries(order)
    assert (entry.data["to"], entry.data["quantity"], entry.data["note"]) == ("blocked", None, order.reason[:200])


def test_every_transition_has_its_entry(desk, other):
    for one in (desk, other):
        orders = [place(one.intent(symbol=symbol), now=NOW) for symbol in ("AAPL", "MSFT")]
        submit_many([order.pk for order in orders], now=NOW)
    resting = place(desk.intent(order_type="limit", limit_price=D(95)), now=NOW)
    submit_many([resting.pk], now=NOW)
    cancel_order(user=desk.user, order_id=resting.pk, now=NOW, actor="ada")
    steps = {(str(step.order_id), step.from_state, step.to_state) for step in OrderTransition.objects.all()}
    kept = AuditEntry.objects.filter(kind="order")
    assert {(entry.subject, entry.data["from"], entry.data["to"]) for entry in kept} == steps
    assert kept.count() == OrderTransition.objects.count()
    assert [found.damage for found in verify(now=NOW)] == ["", ""]


@pytest.mark.parametrize("sent", [False, True])
def test_who_cancelled(desk, sent):
    order = place(desk.intent(order_type="limit", limit_price=D(95)), now=NOW)
    if sent:
        submit_many([order.pk], now=NOW)
    cancel_order(user=desk.user, order_id=order.pk, now=NOW, actor="ada")
    assert (entries(order)[-1].data["to"], entries(order)[-1].actor) == ("cancelled", "ada")


@pytest.mark.django_db(transaction=True)
def test_who_killed(market):
    desk = open_desk("ada")
    order = place(desk.intent(), now=NOW)
    kill(scope="user", scope_id="", user=desk.user, reason="strange", actor="manage.py kill", now=NOW)
    assert entries(order)[-1].actor == "manage.py kill"
    assert entries(order)[-1].data["note"] == "kill switch: strange"


def test_a_preview_leaves_nothing(desk):
    preview_order(desk.intent(), now=NOW)
    assert not AuditEntry.objects.exists()


def test_a_batch_costs_what_one_order_costs(desk):
    def queries(count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            place_many(portfolio_id=desk.portfolio.pk, intents=[desk.intent() for _ in range(count)], now=NOW)
        return len(captured)

    queries(1)  # makes the chain
    assert queries(20) == queries(1)
