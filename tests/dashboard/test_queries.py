"""The number of queries of a page does not depend on the number of rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.raising import raise_alert
from automation import lifecycle
from automation.models import Missed
from common.clock import now
from orders.placing import place
from portfolios.ledger import deposit, open_position
from portfolios.models import EquityPoint
from tests.dashboard.making import rule
from tests.orders.making import Desk

# The most a page may ask, session and user included.
MOST = {"/": 38, "/actions/": 12, "/orders/": 10, "/portfolio/": 26, "/alerts/": 12, "/safety/": 14, "/monitoring/": 8}


def fill(desk: Desk, count: int, first: int) -> None:
    """More of everything."""
    moment = now()
    for number in range(first, first + count):
        active = rule(desk, trigger_params={"threshold": str(50 + number)}, symbol=("AAPL", "MSFT")[number % 2])
        paused = rule(desk, name=f"paused {number}", symbol="TSLA", trigger_params={"threshold": "7"})
        rule(desk, action_type="NOTIFY", quantity=None, trigger_type="time_of_day", trigger_params={"time": "15:00"})
        lifecycle.pause(user=desk.user, action_id=paused.pk, now=moment, actor="ada")
        lifecycle.execute_now(user=desk.user, action_id=active.pk, now=moment, actor="ada")
        place(desk.intent(quantity=Decimal(number + 1)), now=moment)
        due = moment - timedelta(hours=number)
        for outcome in ("asked", "skipped"):
            due -= timedelta(seconds=1)
            Missed.objects.create(action=active, due_at=due, found_at=moment, policy="ask", outcome=outcome)
        raise_alert(user_id=desk.user.pk, kind="note", title="Hello", now=moment, dedupe_key=f"n{number}")
        deposit(portfolio=desk.portfolio, amount=Decimal(1), now=moment)
        for symbol in ("NVDA", "TSLA"):
            open_position(
                portfolio=desk.portfolio, symbol=symbol, quantity=Decimal(1), price=Decimal(9), at=moment, now=moment
            )
        EquityPoint.objects.create(
            portfolio=desk.portfolio, at=moment - timedelta(minutes=number), equity=Decimal(100_000), cash=Decimal(1)
        )


def queries(site: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert site.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize("path", MOST)
def test_queries_do_not_grow_with_rows(site: Client, desk: Desk, path: str) -> None:
    fill(desk, 2, first=0)
    site.get(path)  # caches and the user's policy row
    few = queries(site, path)
    fill(desk, 8, first=2)
    many = queries(site, path)
    assert many == few
    assert many <= MOST[path]


def test_detail_does_not_grow_with_executions(site: Client, desk: Desk) -> None:
    action = rule(desk, max_executions=None)
    lifecycle.execute_now(user=desk.user, action_id=action.pk, now=now(), actor="ada")
    site.get(f"/actions/{action.pk}/")  # caches
    few = queries(site, f"/actions/{action.pk}/")
    for _ in range(5):
        lifecycle.execute_now(user=desk.user, action_id=action.pk, now=now(), actor="ada")
    assert queries(site, f"/actions/{action.pk}/") == few
