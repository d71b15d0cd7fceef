"""Placing: judged, written, idempotent, and each order of a batch sees those before it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.models import Alert
from brokers.models import BrokerAccount
from common.errors import Conflict, InvalidInput, NotFound
from common.ids import new_id
from markets.models import Instrument, Quote
from orders.models import Order
from orders.placing import place, place_many
from portfolios.ledger import open_position
from safety import switch
from safety.models import SafetyPolicy
from tests.orders.making import NOW, SYMBOLS, Desk, forget_messages, messages, open_desk, open_market, quote
from tests.orders.remote import states

pytestmark = pytest.mark.django_db


def many(desk: Desk, *intents):
    return place_many(portfolio_id=desk.portfolio.pk, intents=intents, now=NOW)


def test_what_is_written(desk):
    order = Order.objects.get(pk=place(desk.intent(), now=NOW).pk)
    assert order.client_order_id == f"pfl-{order.pk.hex}"
    assert order.account == desk.account
    assert (order.decision_price, order.decided_at) == (D(100), NOW)
    assert order.expires_at == NOW + timedelta(seconds=120)
    assert order.trading_date == date(2026, 11, 20)
    assert {check["outcome"] for check in order.verdict} <= {"pass", "skipped"}
    assert len(order.verdict) > 20
    assert states(order) == ["proposed", "queued"]


def test_the_same_key_returns_the_same_order_and_places_nothing(desk):
    intent = desk.intent()
    first = place(intent, now=NOW)
    second = place(replace(intent, quantity=D(99)), now=NOW + timedelta(hours=1))
    assert second.pk == first.pk
    assert Order.objects.count() == 1


def test_one_key_twice_in_a_batch_is_one_order(desk):
    intent = desk.intent()
    first, second, third = many(desk, intent, desk.intent(symbol="MSFT"), intent)
    assert first.pk == third.pk != second.pk
    assert Order.objects.count() == 2


def test_a_key_of_another_portfolio_is_a_conflict(desk, other):
    intent = desk.intent()
    place(intent, now=NOW)
    with pytest.raises(Conflict, match="another portfolio"):
        place(replace(intent, portfolio_id=other.portfolio.pk), now=NOW)


def test_answers_are_in_the_order_of_the_intents(desk):
    intents = [desk.intent(symbol=symbol) for symbol in reversed(SYMBOLS)]
    assert [order.instrument_id for order in many(desk, *intents)] == list(reversed(SYMBOLS))


def test_each_order_sees_those_before_it(market):
    desk = open_desk("ada", cash="2500")
    first, second, third = many(desk, *(desk.intent(symbol=s) for s in ("AAPL", "MSFT", "NVDA")))
    assert [o.state for o in (first, second, third)] == ["queued", "queued", "blocked"]
    assert third.reason_code == "BUYING_POWER"


def test_orders_placed_before_count_too(market):
    desk = open_desk("ada", cash="2500")
    for symbol in ("AAPL", "MSFT"):
        assert place(desk.intent(symbol=symbol), now=NOW).state == "queued"
    assert place(desk.intent(symbol="NVDA"), now=NOW).reason_code == "BUYING_POWER"


def test_the_same_shares_are_not_sold_twice(desk):
    open_position(portfolio=desk.portfolio, symbol="AAPL", quantity=D(10), price=D(90), at=NOW, now=NOW)
    first, second = many(desk, desk.intent(side="sell", quantity=D(8)), desk.intent(side="sell", quantity=D(3)))
    assert (first.state, second.state, second.reason_code) == ("queued", "blocked", "OVERSELL")


def test_daily_trades_count_the_batch_and_the_day(market):
    desk = open_desk("ada", max_daily_trades=2)
    batch = many(desk, *(desk.intent(symbol=symbol) for symbol in SYMBOLS))
    assert [o.reason_code for o in batch] == ["", "", "DAILY_TRADE_CAP", "DAILY_TRADE_CAP"]
    tomorrow = NOW + timedelta(days=1)
    for symbol in SYMBOLS:
        quote(symbol, "100", at=tomorrow)
    assert place(desk.intent(expires_at=tomorrow + timedelta(minutes=1)), now=tomorrow).state == "queued"


def test_blocked_says_why(desk):
    Quote.objects.filter(pk="AAPL").update(at=NOW - timedelta(minutes=1))
    order = place(desk.intent(), now=NOW)
    assert (order.state, order.reason_code) == ("blocked", "QUOTE_STALE")
    assert "60 s" in order.reason
    assert next(c for c in order.verdict if c["code"] == "QUOTE_STALE")["outcome"] == "deny"
    assert states(order) == ["proposed", "blocked"]


def test_an_amount_too_small_is_blocked_without_a_quantity(desk):
    Instrument.objects.filter(pk="AAPL").update(fractionable=False)
    order = place(desk.intent(notional=D(50)), now=NOW)
    order.refresh_from_db()
    assert (order.state, order.reason_code, order.quantity) == ("blocked", "QTY_INVALID", None)


def test_a_killed_user_places_nothing(desk):
    switch.kill(scope="user", user=desk.user, actor="ada", now=NOW)
    assert place(desk.intent(), now=NOW).reason_code == "KILL_SWITCH_ACTIVE"


def test_a_killed_rule_stops_its_own_orders_only(desk):
    rule = new_id()
    switch.kill(scope="action", scope_id=str(rule), user=desk.user, actor="ada", now=NOW)
    killed, free = many(desk, desk.intent(action_id=rule), desk.intent(symbol="MSFT", action_id=new_id()))
    assert (killed.reason_code, free.state) == ("KILL_SWITCH_ACTIVE", "queued")


def test_a_mismatch_with_the_broker_stops_new_risk(desk):
    BrokerAccount.objects.filter(pk=desk.account.pk).update(mismatch="an orphan")
    assert place(desk.intent(), now=NOW).reason_code == "RECONCILING"


def test_a_large_order_waits_for_a_person(market):
    desk = open_desk("ada", large_order_pct=D(1))
    order = place(desk.intent(quantity=D(50)), now=NOW)
    assert (order.state, order.reason_code) == ("awaiting_approval", "APPROVAL_REQUIRED")
    assert order.expires_at == NOW + timedelta(minutes=15)
    alert = Alert.objects.get(kind="approval")
    assert alert.title == "Approve? Buy 50 AAPL"
    assert alert.data["order"] == str(order.pk)


def test_a_nudge_is_sent_only_when_something_is_queued(desk, django_capture_on_commit_callbacks):
    forget_messages()
    Quote.objects.filter(pk="MSFT").update(at=NOW - timedelta(minutes=1))
    with django_capture_on_commit_callbacks(execute=True):
        place(desk.intent(symbol="MSFT"), now=NOW)
    assert messages() == []
    with django_capture_on_commit_callbacks(execute=True):
        place(desk.intent(), now=NOW)
    assert messages() == [("orders.submit", {"portfolio_ids": [str(desk.portfolio.pk)]})]


def test_what_does_not_exist(desk):
    with pytest.raises(InvalidInput, match="NOSUCH is not known"):
        place(desk.intent(symbol="NOSUCH"), now=NOW)
    with pytest.raises(NotFound):
        place(desk.intent(portfolio_id=new_id()), now=NOW)
    with pytest.raises(InvalidInput, match="place it in its own call"):
        place_many(portfolio_id=new_id(), intents=[desk.intent()], now=NOW)
    assert not Order.objects.exists()


def test_a_portfolio_without_an_account_is_a_conflict(desk):
    BrokerAccount.objects.all().delete()
    with pytest.raises(Conflict, match="no broker account"):
        place(desk.intent(), now=NOW)


def test_queries_do_not_grow_with_the_batch(market):
    desk = open_desk("ada", cash="10000000")
    open_market(*(f"S{n:02d}" for n in range(30)))
    for n in range(30):
        quote(f"S{n:02d}", "100")
    many(desk, desk.intent())
    with CaptureQueriesContext(
        connection,
    ) as one:
        many(desk, desk.intent(symbol="MSFT"))
    with CaptureQueriesContext(connection) as thirty:
        orders = many(desk, *(desk.intent(symbol=f"S{n:02d}", quantity=D(1)) for n in range(30)))
    assert {o.state for o in orders} == {"queued"}
    assert len(thirty) == len(one) < 25


def test_the_policy_of_the_portfolio_counts(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    assert place(desk.intent(), now=NOW).reason_code == "SYMBOL_NOT_ALLOWED"
