"""The embedded exchange on its own."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from brokers.adapters.paper import books, matching
from brokers.adapters.paper.adapter import PaperBroker
from brokers.models import BrokerAccount, PaperFill, PaperOrder
from brokers.opening import open_paper_account
from brokers.port import BrokerError, BrokerStatus
from markets.models import Instrument, Quote
from portfolios.ledger import deposit, open_position, withdraw
from tests.orders.making import NOW, approved, quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker(desk) -> PaperBroker:
    return PaperBroker(desk.account, lambda: NOW)


def test_opening_twice_is_one_account(desk):
    assert open_paper_account(portfolio=desk.portfolio) == desk.account


def test_slippage_and_fees(desk):
    BrokerAccount.objects.filter(pk=desk.account.pk).update(slippage_bps=10, fee_per_order=D(1), fee_bps=D(5))
    desk.account.refresh_from_db()
    answer = PaperBroker(desk.account, lambda: NOW).submit(approved(desk))
    fill = PaperFill.objects.get()
    assert answer.average_price == D("100.12")  # 100.01 and 10 bps, rounded against us
    assert fill.fee == D("1.50")
    assert books.cash(desk.account) == D(100_000) - D("1001.20") - D("1.50")


def test_a_batch_is_one_answer_per_order_and_refuses_alone(desk, broker):
    good, bad = approved(desk), approved(desk, symbol="MSFT")
    Instrument.objects.filter(pk="MSFT").update(tradable=False)
    answers = broker.submit_many([good, bad, good])
    assert [type(a).__name__ for a in answers] == ["BrokerOrder", "BrokerError", "BrokerOrder"]
    assert answers[0].broker_order_id == answers[2].broker_order_id
    assert (answers[1].permanent, answers[1].code) == (True, "ASSET_NOT_TRADABLE")
    assert PaperOrder.objects.count() == 1


def test_an_order_for_another_account_is_refused(desk, other, broker):
    with pytest.raises(BrokerError) as caught:
        broker.submit(approved(other))
    assert caught.value.permanent


def test_a_stale_quote_is_not_traded_on(desk, broker):
    order = approved(desk)
    Quote.objects.update(at=NOW - timedelta(seconds=16))
    assert broker.submit(order).status is BrokerStatus.ACCEPTED
    Quote.objects.update(at=NOW)
    assert matching.match_symbols(["AAPL"], now=NOW) == 1
    assert broker.find(order.order.client_order_id).status is BrokerStatus.FILLED


def test_immediate_or_cancel_without_a_quote_is_cancelled(desk, broker):
    order = approved(desk, time_in_force="ioc")
    Quote.objects.update(at=NOW - timedelta(seconds=16))
    assert broker.submit(order).status is BrokerStatus.CANCELLED


def test_a_day_order_knows_its_session_and_a_lasting_one_does_not(desk, broker):
    for time_in_force in ("day", "gtc"):
        broker.submit(approved(desk, order_type="limit", limit_price=D(95), time_in_force=time_in_force))
    expiries = dict(PaperOrder.objects.values_list("time_in_force", "expires_at"))
    assert expiries["gtc"] is None
    assert expiries["day"] == NOW.replace(hour=5) + timedelta(days=1)


def test_an_order_past_its_session_is_not_matched(desk, broker):
    broker.submit(approved(desk, order_type="limit", limit_price=D(95)))
    tomorrow = NOW + timedelta(days=1)
    quote("AAPL", "94", at=tomorrow)
    assert matching.match_symbols(["AAPL"], now=tomorrow) == 0
    assert [account.pk for account in matching.accounts_with_expired_orders(now=tomorrow)] == [desk.account.pk]
    assert matching.expire_orders(desk.account, now=tomorrow) == 1


def test_cash_and_shares_paid_in_count(desk, broker):
    deposit(portfolio=desk.portfolio, amount=D(50), now=NOW)
    withdraw(portfolio=desk.portfolio, amount=D(20), now=NOW)
    open_position(portfolio=desk.portfolio, symbol="MSFT", quantity=D(7), price=D(90), at=NOW, now=NOW)
    broker.submit(approved(desk, symbol="MSFT", side="sell", quantity=D(3)))
    assert books.cash(desk.account) == D(100_030) + D("299.97")
    assert books.positions(desk.account) == {"MSFT": D(4)}


def test_accounts_are_apart(desk, other, broker):
    order = approved(other)
    theirs = PaperBroker(other.account, lambda: NOW)
    answer = theirs.submit(order)
    assert broker.find(order.order.client_order_id) is None
    assert broker.fills_since("") == []
    with pytest.raises(BrokerError):
        broker.cancel(answer.broker_order_id)
