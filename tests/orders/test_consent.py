"""A person's yes to several orders: it covers exactly those, up to its terms, and no check but the person's own."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from orders.consent import Consent, Term
from orders.models import Order
from orders.placing import place_many
from orders.submitting import submit_many
from safety.models import SafetyPolicy
from tests.orders.making import NOW, Desk, open_desk

D = Decimal
pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(market: None) -> Desk:
    return open_desk("ada", large_order_pct=D(1))


def placed(desk: Desk, *, quantity: int = 50, key: str = "k", source: str = "run", **terms: Any) -> Order:
    """50 AAPL at $100, agreed to as far as `terms` do not say otherwise."""
    values: dict[str, Any] = {"symbol": "AAPL", "side": "buy", "amount": D(5000), "price": D(100), **terms}
    consent = Consent(
        source_kind="rebalance_run",
        source_id="run",
        by="ada",
        at=NOW,
        until=NOW + timedelta(minutes=15),
        collar_pct=D(1),
        terms={"k": Term(**values)},
    )
    intent = desk.intent(
        source_kind="rebalance_run", source_id=source, idempotency_key=key, quantity=D(quantity), decision_price=D(100)
    )
    (order,) = place_many(portfolio_id=desk.portfolio.pk, intents=[intent], now=NOW, consent=consent)
    return order


def test_an_order_within_the_terms_is_sent_with_the_approval(desk: Desk) -> None:
    order = placed(desk)
    assert (order.state, order.approved_by, order.approved_at) == ("queued", "ada", NOW)
    submit_many([order.pk], now=NOW)
    order.refresh_from_db()
    assert (order.state, order.approved_by) == ("filled", "ada")


@pytest.mark.parametrize(
    "change",
    [{"key": "other"}, {"source": "another run"}, {"quantity": 51}, {"symbol": "MSFT"}, {"side": "sell"},
     {"amount": D(4900)}, {"price": D("98.9")}],
)  # fmt: skip
def test_anything_else_waits_for_a_person(desk: Desk, change: dict[str, Any]) -> None:
    order = placed(desk, **change)
    assert (order.state, order.approved_by) == ("awaiting_approval", "")


def test_it_passes_no_other_check(desk: Desk) -> None:
    SafetyPolicy.objects.update(symbol_blacklist=["AAPL"])
    order = placed(desk)
    assert (order.state, order.reason_code) == ("blocked", "SYMBOL_NOT_ALLOWED")


def test_an_order_changed_after_the_yes_is_not_sent(desk: Desk) -> None:
    order = placed(desk)
    Order.objects.filter(pk=order.pk).update(quantity=D(60))
    submit_many([order.pk], now=NOW)
    order.refresh_from_db()
    assert (order.state, order.reason_code) == ("blocked", "APPROVAL_MISMATCH")
