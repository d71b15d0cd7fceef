"""Submitting to the embedded broker: order, fills and ledger commit together."""

from datetime import timedelta
from decimal import Decimal as D
from uuid import uuid4

import pytest

from alerts.models import Alert
from brokers.models import BrokerAccount, PaperOrder
from markets.models import Instrument, Quote
from orders.claiming import claim_next
from orders.models import Order
from orders.moving import move
from orders.placing import place, place_many
from orders.states import OrderState
from orders.submitting import send, submit_many, submit_waiting
from portfolios.auditing import audit
from portfolios.models import Holding, Portfolio
from safety import switch
from safety.models import SafetyPolicy
from tests.orders.making import NOW, SYMBOLS, forget_messages, messages, quote
from tests.orders.remote import states

pytestmark = pytest.mark.django_db


def submitted(desk, *, now=NOW, **changes) -> Order:
    order = place(desk.intent(**changes), now=NOW)
    assert order.state == "queued", order.reason
    submit_many([order.pk], now=now)
    order.refresh_from_db()
    return order


def test_a_market_order_is_filled_and_booked(desk):
    order = submitted(desk)
    assert order.state == "filled"
    assert order.average_price == D("100.01")
    assert order.lease_token is order.lease_until is None
    assert order.submitted_at and order.accepted_at and order.closed_at
    assert Holding.objects.get(portfolio=desk.portfolio, instrument="AAPL").quantity == 10
    assert Portfolio.objects.get(pk=desk.portfolio.pk).cash == D("100000") - D("1000.10")
    paper = PaperOrder.objects.get()
    assert (paper.client_order_id, str(paper.pk)) == (order.client_order_id, order.broker_order_id)
    assert states(order) == ["proposed", "queued", "submitting", "filled"]
    assert audit(desk.portfolio) == []


def test_the_person_is_told_once(desk):
    order = submitted(desk)
    alert = Alert.objects.get()
    assert (alert.kind, alert.title) == ("fill", "Bought 10 AAPL at 100.01")
    assert alert.data["order"] == str(order.pk)
    submit_many([order.pk], now=NOW)
    assert Alert.objects.count() == 1


def test_the_rule_behind_it_is_settled(desk, django_capture_on_commit_callbacks):
    forget_messages()
    with django_capture_on_commit_callbacks(execute=True):
        order = submitted(desk)
    assert ("automation.settle", {"source_ids": [order.source_id]}) in messages()


def test_submitting_again_does_nothing(desk):
    order = submitted(desk)
    submit_many([order.pk], now=NOW)
    assert submit_waiting(now=NOW, limit=10) == 0
    assert PaperOrder.objects.count() == 1
    assert order.fills.count() == 1


def test_submit_waiting_takes_every_portfolio(desk, other):
    for someone in (desk, other):
        place_many(portfolio_id=someone.portfolio.pk, intents=[someone.intent(symbol=s) for s in SYMBOLS], now=NOW)
    assert submit_waiting(now=NOW, limit=100) == 8
    assert set(Order.objects.values_list("state", flat=True)) == {"filled"}


def test_submit_waiting_can_be_kept_to_some_portfolios(desk, other):
    mine, theirs = (place(someone.intent(), now=NOW) for someone in (desk, other))
    submit_waiting(now=NOW, limit=100, portfolio_ids=[desk.portfolio.pk])
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, theirs.state) == ("filled", "queued")


def test_an_expired_order_is_never_sent(desk):
    order = submitted(desk, now=NOW + timedelta(seconds=121))
    assert (order.state, order.reason_code) == ("expired", "ORDER_EXPIRED")
    assert not PaperOrder.objects.exists()
    assert Alert.objects.get().kind == "expired"


def test_the_gate_judges_again_with_fresh_numbers(desk):
    order = place(desk.intent(), now=NOW)
    Quote.objects.filter(pk="AAPL").update(at=NOW - timedelta(minutes=1))
    submit_many([order.pk], now=NOW)
    order.refresh_from_db()
    assert (order.state, order.reason_code) == ("blocked", "QUOTE_STALE")
    assert Alert.objects.get().kind == "blocked"
    assert any(check["code"] == "QUOTE_STALE" for check in order.verdict)
    assert not PaperOrder.objects.exists()


def test_it_does_not_count_itself(desk):
    """Oversell, duplicates and the daily cap look at orders in flight: this one is in flight."""
    SafetyPolicy.objects.filter(user=desk.user).update(max_daily_trades=1, duplicate_window_seconds=60)
    assert submitted(desk).state == "filled"


def test_a_large_order_discovered_late_waits_for_a_person(desk):
    order = place(desk.intent(), now=NOW)
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=D("0.1"))
    submit_many([order.pk], now=NOW)
    order.refresh_from_db()
    assert order.state == "awaiting_approval"
    assert order.expires_at >= NOW + timedelta(minutes=15)
    assert Alert.objects.get().kind == "approval"


def test_the_switch_is_read_after_the_claim(desk):
    order = place(desk.intent(), now=NOW)
    claim = claim_next(now=NOW)
    switch.kill(scope="user", user=desk.user, actor="ada", now=NOW)
    send(claim)
    order.refresh_from_db()
    assert (order.state, order.reason_code) == ("blocked", "KILL_SWITCH_ACTIVE")
    assert not PaperOrder.objects.exists()


@pytest.mark.parametrize(
    ("state", "source", "code"),
    [
        ("halted", "action_execution", "TRADING_HALTED"),
        ("halted", "manual", "TRADING_HALTED"),
        ("reducing", "action_execution", "STATE_REDUCING"),
        ("reducing", "manual", "STATE_REDUCING"),
    ],
)
def test_a_trading_state_is_read_after_the_claim(desk, state, source, code):
    order = place(desk.intent(source_kind=source), now=NOW)
    claim = claim_next(now=NOW)
    switch.set_trading_state(scope="user", user=desk.user, state=state, actor="ada", now=NOW)
    send(claim)
    order.refresh_from_db()
    assert (order.state, order.reason_code) == ("blocked", code)


@pytest.mark.parametrize(
    ("state", "source", "ends"),
    [
        ("reducing", "action_execution", "filled"),
        ("halted", "manual", "filled"),
        ("halted", "action_execution", "blocked"),
    ],
)
def test_a_sale_that_was_claimed_shrinks_a_position(desk, state, source, ends):
    submit_many([place(desk.intent(), now=NOW).pk], now=NOW)
    order = place(desk.intent(source_kind=source, side="sell"), now=NOW)
    claim = claim_next(now=NOW)
    switch.set_trading_state(scope="user", user=desk.user, state=state, actor="ada", now=NOW)
    send(claim)
    order.refresh_from_db()
    assert order.state == ends


def test_a_lost_lease_sends_nothing(desk):
    order = place(desk.intent(), now=NOW)
    claim = claim_next(now=NOW)
    Order.objects.filter(pk=order.pk).update(lease_token=uuid4())  # another process took it over
    send(claim)
    order.refresh_from_db()
    assert order.state == "submitting"
    assert not PaperOrder.objects.exists()


def test_what_a_dead_worker_claimed_is_taken_over_after_its_lease(desk):
    order = place(desk.intent(expires_at=NOW + timedelta(minutes=5)), now=NOW)
    assert claim_next(now=NOW).orders
    assert claim_next(now=NOW + timedelta(seconds=29)) is None
    later = NOW + timedelta(seconds=31)
    quote("AAPL", "100", at=later)
    submit_many([order.pk], now=later)
    order.refresh_from_db()
    assert (order.state, order.attempts) == ("filled", 2)
    assert PaperOrder.objects.count() == 1


def test_what_a_dead_worker_left_is_not_sent_when_it_is_too_late(desk):
    order = place(desk.intent(), now=NOW)
    claim_next(now=NOW)
    submit_many([order.pk], now=NOW + timedelta(minutes=3))
    order.refresh_from_db()
    assert (order.state, order.reason_code) == ("not_accepted", "ORDER_EXPIRED")
    assert not PaperOrder.objects.exists()


def test_a_refusal_of_the_broker_is_rejected(desk):
    order = place(desk.intent(), now=NOW)
    claim = claim_next(now=NOW)
    Instrument.objects.filter(pk="AAPL").update(tradable=False)
    send(claim)
    order.refresh_from_db()
    assert (order.state, order.reason_code) == ("rejected", "ASSET_NOT_TRADABLE")
    assert Alert.objects.get().kind == "rejected"


def test_a_batch_with_one_refusal_books_the_others(desk):
    orders = place_many(portfolio_id=desk.portfolio.pk, intents=[desk.intent(symbol=s) for s in SYMBOLS], now=NOW)
    claim = claim_next(now=NOW)
    Instrument.objects.filter(pk="MSFT").update(tradable=False)
    send(claim)
    found = dict(Order.objects.values_list("instrument_id", "state"))
    assert found == {"AAPL": "filled", "MSFT": "rejected", "NVDA": "filled", "TSLA": "filled"}
    assert len(orders) == 4
    assert audit(desk.portfolio) == []


def test_immediate_or_cancel_takes_what_there_is(desk):
    BrokerAccount.objects.filter(pk=desk.account.pk).update(max_fill_quantity=3)
    order = submitted(desk, time_in_force="ioc")
    assert (order.state, order.filled_quantity) == ("cancelled", 3)
    assert states(order) == ["proposed", "queued", "submitting", "partially_filled", "cancelled"]
    alert = Alert.objects.get()
    assert (alert.kind, alert.title) == ("fill", "Bought 3 of 10 AAPL at 100.01")
    assert Holding.objects.get().quantity == 3


def test_a_resting_order_is_accepted(desk):
    order = submitted(desk, order_type="limit", limit_price=D(95))
    assert (order.state, order.filled_quantity) == ("accepted", 0)
    assert not Alert.objects.exists()


def test_a_cancelled_order_is_not_sent(desk):
    order = place(desk.intent(), now=NOW)
    move(order, OrderState.CANCELLED, now=NOW)
    submit_many([order.pk], now=NOW)
    assert not PaperOrder.objects.exists()
