"""What every broker must do, whoever wrote the adapter. A new one adds a line to BROKERS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal as D
from typing import Any

import pytest

from brokers.adapters.paper.adapter import PaperBroker
from brokers.port import Broker, BrokerError, BrokerStatus
from safety.gate import ApprovedOrder
from tests.fakes.broker import FakeBroker, FakeExchange
from tests.orders.making import NOW, SYMBOLS, Desk, approved, open_desk, open_market, quote

pytestmark = pytest.mark.django_db


@dataclass
class Bench:
    """A broker under test; `trade` lets the market fill an order that was submitted at the market."""

    desk: Desk
    broker: Any
    trade: Callable[[str], None]


def paper(desk: Desk) -> Bench:
    return Bench(desk, PaperBroker(desk.account, lambda: NOW), lambda client_order_id: None)  # fills at once


def fake(desk: Desk) -> Bench:
    exchange = FakeExchange()

    def trade(client_order_id: str) -> None:
        order = exchange.orders[client_order_id]
        exchange.tell([exchange.fill(client_order_id, order.quantity, D("100.01"), NOW)])

    return Bench(desk, FakeBroker(exchange, lambda: NOW), trade)


BROKERS = {"paper": paper, "fake": fake}


@pytest.fixture(params=BROKERS)
def bench(request, db) -> Bench:
    open_market()
    for symbol in SYMBOLS:
        quote(symbol, "100")
    return BROKERS[request.param](open_desk("ada"))


def resting(bench: Bench, **changes: Any) -> ApprovedOrder:
    """A buy limit far enough below the market to rest."""
    return approved(bench.desk, order_type="limit", limit_price=D(95), **changes)


def test_it_has_the_whole_port(bench):
    assert isinstance(bench.broker, Broker)


@pytest.mark.parametrize("wrong", ["proposed", "nothing", "dict", "unsealed"])
def test_it_takes_only_what_the_gate_approved(bench, wrong):
    genuine = approved(bench.desk)
    given = {"proposed": genuine.order, "nothing": None, "dict": {"symbol": "AAPL"}}.get(wrong)
    if wrong == "unsealed":
        given = object.__new__(ApprovedOrder)
        object.__setattr__(given, "order", genuine.order)
    with pytest.raises(TypeError, match=r"only what safety\.gate approved"):
        bench.broker.submit(given)
    assert bench.broker.find(genuine.order.client_order_id) is None


def test_submit_answers_with_our_id(bench):
    order = resting(bench)
    answer = bench.broker.submit(order)
    assert answer.client_order_id == order.order.client_order_id
    assert (answer.symbol, answer.side, answer.quantity, answer.limit_price) == ("AAPL", "buy", D(10), D(95))
    assert answer.status is BrokerStatus.ACCEPTED
    assert answer.accepted_at == NOW


def test_a_second_submit_returns_the_first_order(bench):
    order = resting(bench)
    first, second = bench.broker.submit(order), bench.broker.submit(order)
    assert first.broker_order_id == second.broker_order_id
    assert len(bench.broker.open_orders()) == 1


def test_find_knows_what_was_submitted_and_nothing_else(bench):
    answer = bench.broker.submit(resting(bench))
    assert bench.broker.find(answer.client_order_id) == answer
    assert bench.broker.find("pfl-never") is None


def test_cancel_ends_an_order_and_is_harmless_twice(bench):
    answer = bench.broker.submit(resting(bench))
    cancelled = bench.broker.cancel(answer.broker_order_id)
    assert cancelled.status is BrokerStatus.CANCELLED
    assert cancelled.closed_at == NOW
    assert bench.broker.cancel(answer.broker_order_id).status is BrokerStatus.CANCELLED
    assert bench.broker.open_orders() == []


def test_cancelling_a_filled_order_leaves_it_filled(bench):
    answer = bench.broker.submit(approved(bench.desk))
    bench.trade(answer.client_order_id)
    assert bench.broker.cancel(answer.broker_order_id).status is BrokerStatus.FILLED


def test_cancelling_what_is_not_there_is_a_permanent_error(bench):
    with pytest.raises(BrokerError) as caught:
        bench.broker.cancel("00000000-0000-7000-8000-000000000000")
    assert caught.value.permanent
    assert not caught.value.ambiguous


def test_fills_come_once_each_after_the_cursor(bench):
    first = bench.broker.submit(approved(bench.desk))
    bench.trade(first.client_order_id)
    fills = bench.broker.fills_since("")
    assert [(f.client_order_id, f.quantity, f.price) for f in fills] == [(first.client_order_id, D(10), D("100.01"))]
    assert bench.broker.fills_since(fills[-1].cursor) == []
    second = bench.broker.submit(approved(bench.desk, symbol="MSFT"))
    bench.trade(second.client_order_id)
    later = bench.broker.fills_since(fills[-1].cursor)
    assert [f.client_order_id for f in later] == [second.client_order_id]
    assert {f.execution_id for f in fills}.isdisjoint(f.execution_id for f in later)


def test_a_filled_order_says_so(bench):
    answer = bench.broker.submit(approved(bench.desk))
    bench.trade(answer.client_order_id)
    found = bench.broker.find(answer.client_order_id)
    assert (found.status, found.filled_quantity, found.average_price) == (BrokerStatus.FILLED, D(10), D("100.01"))
    assert bench.broker.open_orders() == []


def test_cash_and_positions_follow_the_fills(bench):
    assert bench.broker.account().cash == D(100_000)
    assert bench.broker.positions() == []
    answer = bench.broker.submit(approved(bench.desk))
    bench.trade(answer.client_order_id)
    assert bench.broker.account().cash == D(100_000) - D("1000.10")
    assert [(p.symbol, p.quantity) for p in bench.broker.positions()] == [("AAPL", D(10))]


def test_clock_and_assets(bench):
    assert bench.broker.clock().at == NOW
    assert bench.broker.asset("AAPL").tradable
    assert bench.broker.asset("NOSUCH") is None
