"""A process is killed (SIGKILL) at every numbered point; afterwards the sweeper finishes the order exactly once."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from brokers.models import PaperOrder
from orders.crashpoints import POINTS
from orders.fills import poll_accounts
from orders.models import Fill, Order
from orders.placing import place
from orders.submitting import submit_many
from orders.sweeping import sweep
from portfolios.auditing import audit
from tests.fakes.broker import FakeExchange
from tests.orders.making import NOW, SYMBOLS, intent_for, open_desk, open_market, quote
from tests.orders.remote import EXCHANGES, go_remote

pytestmark = pytest.mark.django_db(transaction=True)
LEFT_OPEN: list[object] = []
PLACING = ("1_placing", "2_placed")
SUBMITTING = tuple(name for name in POINTS if name not in PLACING)


@pytest.fixture
def desk():
    open_market()
    for symbol in SYMBOLS:
        quote(symbol, "100")
    return open_desk("ada")


def run_and_die(point: str, work: Callable[[], object]) -> None:
    """Do `work` in a process of its own that is killed at `point`."""
    child = os.fork()
    if child == 0:
        try:
            # The parent's connection is not ours: leave it open, take a new one.
            LEFT_OPEN.append(connection.connection)
            connection.connection = None
            settings.CONFIG = replace(settings.CONFIG, crash_at=point)
            work()
        finally:
            os._exit(1)  # it came past the point: no cleaning up with the parent's things
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"it was not killed at {point}"
    assert os.WTERMSIG(status) == signal.SIGKILL


def finish(order: Order) -> Order:
    """The sweeper comes by: at once, and after the dead worker's lease has ended."""
    for seconds in (3, 40):
        later = NOW + timedelta(seconds=seconds)
        quote("AAPL", "100", at=later)
        sweep(later)
    order.refresh_from_db()
    return order


@pytest.mark.parametrize("point", PLACING)
def test_placing(desk, point):
    intent = intent_for(desk.portfolio.pk, idempotency_key="crash")
    run_and_die(point, lambda: place(intent, now=NOW))
    assert Order.objects.count() == (point == "2_placed")
    order = place(intent, now=NOW)  # the caller comes again
    assert finish(order).state == "filled"
    assert Order.objects.count() == PaperOrder.objects.count() == 1


@pytest.mark.parametrize("point", SUBMITTING)
def test_submitting_to_the_embedded_broker(desk, point):
    order = place(desk.intent(expires_at=NOW + timedelta(minutes=2)), now=NOW)
    run_and_die(point, lambda: submit_many([order.pk], now=NOW))
    order.refresh_from_db()
    before = {"3_claiming": "queued", "9_recorded": "filled"}.get(point, "submitting")
    assert (order.state, PaperOrder.objects.count()) == (before, point == "9_recorded")
    assert finish(order).state == "filled"
    assert PaperOrder.objects.count() == Fill.objects.count() == 1
    assert audit(desk.portfolio) == []


@pytest.mark.parametrize("point", [p for p in SUBMITTING if p != "5_looked_up"])
def test_submitting_across_the_wire(desk, point, tmp_path):
    _, path = remote(desk, tmp_path)
    order = place(desk.intent(expires_at=NOW + timedelta(minutes=2)), now=NOW)
    run_and_die(point, lambda: submit_many([order.pk], now=NOW))
    check_once(desk, order, path, accepted=point in ("7_after_wire", "8_recording", "9_recorded"))


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_dying_after_a_look_up(desk, fault, tmp_path):
    exchange, path = remote(desk, tmp_path)
    exchange.faults = [fault]
    order = place(desk.intent(expires_at=NOW + timedelta(minutes=2)), now=NOW)
    submit_many([order.pk], now=NOW)
    Order.objects.filter(pk=order.pk).update(not_before=None)
    exchange.save()
    run_and_die("5_looked_up", lambda: submit_many([order.pk], now=NOW))
    check_once(desk, order, path, accepted=fault == "timeout_after")


def remote(desk, folder: Path) -> tuple[FakeExchange, Path]:
    exchange = go_remote(desk)
    exchange.path = folder / "exchange.pickle"
    exchange.save()
    return exchange, exchange.path


def check_once(desk, order: Order, path: Path, *, accepted: bool) -> None:
    """The exchange, as the dead process left it, has at most one order, and in the end exactly one."""
    exchange = EXCHANGES[str(desk.account.pk)] = pickle.loads(path.read_bytes())
    assert list(exchange.orders) == ([order.client_order_id] if accepted else [])
    assert finish(order).state == "accepted"
    assert list(exchange.orders) == [order.client_order_id]
    exchange.tell([exchange.fill(order.client_order_id, D(10), D(100), NOW)] * 2)
    poll_accounts(now=NOW)
    order.refresh_from_db()
    assert order.state == "filled"
    assert Fill.objects.count() == 1
    assert audit(desk.portfolio) == []


def test_the_environment_says_where():
    """The hook itself, in a fresh interpreter."""
    code = "import django; django.setup(); from orders.crashpoints import crash_point; crash_point('4_claimed')"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "puffling_site.settings", "PUFFLING_CRASH_AT": "4_claimed"}
    child = subprocess.run([sys.executable, "-c", code], env=environment, timeout=60, check=False)
    assert child.returncode == -signal.SIGKILL
