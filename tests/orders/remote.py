"""A desk whose account is at a fake remote broker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from brokers import registry
from brokers.models import BrokerAccount
from markets.models import Instrument
from orders.models import Order
from tests.fakes.broker import FakeBroker, FakeExchange
from tests.orders.making import Desk

EXCHANGES: dict[str, FakeExchange] = {}


def make_fake(account: BrokerAccount, clock: Callable[[], datetime]) -> FakeBroker:
    return FakeBroker(EXCHANGES[str(account.pk)], clock)


if "fake" not in registry.kinds():
    registry.register("fake", make_fake)


def go_remote(desk: Desk) -> FakeExchange:
    """Move the desk's account to a fresh fake exchange with the same cash."""
    Instrument.objects.update(demo=False)  # demo prices trade on paper only
    BrokerAccount.objects.filter(pk=desk.account.pk).update(kind="fake")
    desk.account.refresh_from_db()
    exchange = EXCHANGES[str(desk.account.pk)] = FakeExchange(cash=desk.portfolio.cash)
    return exchange


def states(order: Order) -> list[str]:
    """Every state the order was in, in order."""
    steps = list(order.transitions.order_by("pk"))
    return [steps[0].from_state, *(step.to_state for step in steps)]
