"""Resting paper orders fill when quotes reach them, and are booked in the same transaction."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from brokers.models import BrokerAccount
from markets.models import Quote
from orders import tasks
from orders.expiring import expire
from orders.matching import keep_ranges, match_paper, symbols_in_flight
from orders.models import Order
from orders.placing import place
from orders.submitting import submit_many
from portfolios.auditing import audit
from portfolios.ledger import open_position
from portfolios.models import Holding
from tests.orders.making import NOW, quote
from tests.orders.remote import states

pytestmark = pytest.mark.django_db


def rest(desk, **changes) -> Order:
    order = place(desk.intent(**changes), now=NOW)
    submit_many([order.pk], now=NOW)
    order.refresh_from_db()
    assert order.state == "accepted", order.reason
    return order


def see(price: str, seconds: float, symbol="AAPL") -> None:
    moment = NOW + timedelta(seconds=seconds)
    quote(symbol, price, at=moment)
    match_paper(symbols=[symbol], now=moment)


def evaluate(seconds: float) -> None:
    """The engine claims every quote; its nudge to match is lost."""
    keep_ranges(now=NOW + timedelta(seconds=seconds))
    Quote.objects.update(dirty=False)


def test_a_limit_waits_for_its_price(desk):
    order = rest(desk, order_type="limit", limit_price=D(98))
    see("99", 10)
    order.refresh_from_db()
    assert order.state == "accepted"
    see("97.50", 11)
    order.refresh_from_db()
    assert (order.state, order.average_price) == ("filled", D("97.51"))
    assert states(order) == ["proposed", "queued", "submitting", "accepted", "filled"]
    assert Holding.objects.get().quantity == 10
    assert audit(desk.portfolio) == []


def test_a_stop_sells_below_its_price(desk):
    open_position(portfolio=desk.portfolio, symbol="AAPL", quantity=D(10), price=D(90), at=NOW, now=NOW)
    order = rest(desk, side="sell", order_type="stop", stop_price=D(95))
    see("96", 10)
    see("94", 11)
    order.refresh_from_db()
    assert (order.state, order.average_price) == ("filled", D("93.99"))


def test_a_dip_between_two_looks_counts(desk):
    order = rest(desk, order_type="limit", limit_price=D(98))
    Quote.objects.update(dirty=False)  # judged by the engine: the next tick begins a new range
    for price, seconds in (("97", 5), ("99", 6)):
        quote("AAPL", price, at=NOW + timedelta(seconds=seconds))
    match_paper(symbols=["AAPL"], now=NOW + timedelta(seconds=6))
    order.refresh_from_db()
    assert (order.state, order.average_price) == ("filled", D(98))


def test_a_dip_that_only_the_evaluation_saw_counts(desk):
    order = rest(desk, order_type="limit", limit_price=D(98))
    Quote.objects.update(dirty=False)
    quote("AAPL", "97", at=NOW + timedelta(seconds=5))
    evaluate(5)
    see("99", 6)
    order.refresh_from_db()
    assert (order.state, order.average_price) == ("filled", D(98))


def test_a_dip_before_the_order_came_does_not_count(desk):
    quote("AAPL", "97", at=NOW)
    quote("AAPL", "100", at=NOW)
    order = rest(desk, order_type="limit", limit_price=D(98))
    evaluate(1)
    see("99", 6)
    order.refresh_from_db()
    assert order.state == "accepted"


def test_a_market_order_without_a_fresh_quote_takes_the_next_one(desk):
    order = place(desk.intent(), now=NOW)
    from orders.claiming import claim_next
    from orders.submitting import send

    claim = claim_next(now=NOW)
    Quote.objects.filter(pk="AAPL").update(at=NOW - timedelta(seconds=20))
    send(claim)
    order.refresh_from_db()
    assert order.state == "accepted"
    see("101", 5)
    order.refresh_from_db()
    assert (order.state, order.average_price) == ("filled", D("101.01"))


def test_a_large_order_is_worked_off_one_fill_per_quote(desk):
    BrokerAccount.objects.filter(pk=desk.account.pk).update(max_fill_quantity=4)
    order = place(desk.intent(), now=NOW)
    submit_many([order.pk], now=NOW)
    assert match_paper(symbols=["AAPL"], now=NOW) == 0  # the same quote again
    see("101", 1)
    order.refresh_from_db()
    assert (order.state, order.filled_quantity) == ("partially_filled", 8)
    see("102", 2)
    order.refresh_from_db()
    assert (order.state, order.filled_quantity) == ("filled", 10)
    assert [f.quantity for f in order.fills.order_by("pk")] == [4, 4, 2]


def test_a_stop_limit_first_triggers_then_waits(desk):
    order = rest(desk, order_type="stop_limit", stop_price=D(103), limit_price=D("103.50"))
    see("104", 1)  # through the stop, above the limit
    order.refresh_from_db()
    assert order.state == "accepted"
    see("103.20", 2)
    order.refresh_from_db()
    assert order.state == "filled"
    assert order.average_price <= D("103.50")


def test_day_orders_end_with_the_session(desk):
    day = rest(desk, order_type="limit", limit_price=D(98))
    kept = rest(desk, symbol="MSFT", order_type="limit", limit_price=D(98), time_in_force="gtc")
    closing = NOW.replace(hour=5) + timedelta(days=1)  # midnight in New York: the demo session closes
    assert expire(now=closing - timedelta(seconds=1)) == 0
    assert expire(now=closing) == 1
    day.refresh_from_db()
    kept.refresh_from_db()
    assert (day.state, kept.state) == ("expired", "accepted")
    assert day.reason == "The session closed before the order was filled."


def test_nothing_crossed_costs_one_query(desk):
    for symbol in ("AAPL", "MSFT", "NVDA"):
        rest(desk, symbol=symbol, order_type="limit", limit_price=D(95))
    with CaptureQueriesContext(connection) as queries:
        assert match_paper(now=NOW) == 0
    assert len(queries) <= 2


def test_other_symbols_are_left_alone(desk):
    order = rest(desk, order_type="limit", limit_price=D(98))
    quote("AAPL", "97", at=NOW + timedelta(seconds=1))
    assert match_paper(symbols=["MSFT"], now=NOW + timedelta(seconds=1)) == 0
    assert match_paper(symbols=["AAPL"], now=NOW + timedelta(seconds=1)) == 1
    order.refresh_from_db()
    assert order.state == "filled"


def test_the_feed_is_told_what_is_needed(desk):
    rest(desk, order_type="limit", limit_price=D(98))
    assert symbols_in_flight() == {"AAPL"}


def test_the_task(desk, monkeypatch):
    order = rest(desk, order_type="limit", limit_price=D(98))
    later = NOW + timedelta(seconds=6)
    quote("AAPL", "97", at=later)
    monkeypatch.setattr(tasks, "now", lambda: later)
    tasks.match_paper(symbols=["AAPL"])
    order.refresh_from_db()
    assert order.state == "filled"
