"""A recurring purchase over both changes of New York's clocks in 2026.

Real processes with moved clocks live through a few moments of it in tests/clocks. Here what the sweeper runs every
second is driven over two days of instants: timers, executions, orders and fills are the real ones.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from alerts.models import Alert
from automation import missing, sweeping
from automation.models import Action, Missed
from markets import calendar
from orders import sweeping as orders
from orders.models import Order
from portfolios.auditing import audit
from portfolios.models import Holding
from tests.automation.making import executions, rule, timers_of
from tests.orders.making import Desk, open_desk, open_market, quote

pytestmark = pytest.mark.django_db
SPRING, AUTUMN = datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)  # when the clocks change
ABOUT = timedelta(hours=26)


def live_through(change: datetime, expression: str) -> tuple[Desk, Action]:
    """A desk whose rule buys one share at the times of the expression, from a day before the change to one after."""
    at, end = change - ABOUT, change + ABOUT
    open_market(day=change.date())
    calendar.forget()
    quote("AAPL", "100", at=at)
    desk = open_desk("ada", now=at)
    action = rule(
        desk, now=at, quantity="1", trigger_type="cron", trigger_params={"expression": expression}, max_executions=None
    )
    while at < end:
        at = min(at + timedelta(hours=3), *timers_of(action.id).values())  # in between nothing is due
        quote("AAPL", "100", at=at)
        for second in (0, 6):
            sweeping.sweep(at + timedelta(seconds=second))
            orders.sweep(at + timedelta(seconds=second))
    return desk, action


def bought_at(action: Action) -> list[str]:
    """When it fired, on New York's wall clock with the offset; each firing bought one share."""
    found = executions(action)
    assert {execution.state for execution in found} == {"succeeded"}
    assert Order.objects.filter(state="filled", filled_quantity=1).count() == len(found)
    held = Holding.objects.get(portfolio=action.portfolio_id)
    assert held.quantity == Decimal(len(found))
    assert audit(action.portfolio) == []
    return [f"{execution.triggered_at.astimezone(calendar.NEW_YORK):%a %H:%M %Z}" for execution in found]


def test_in_spring_half_past_two_is_skipped_once_and_reported():
    _, action = live_through(SPRING, "30 2 * * *")
    assert bought_at(action) == ["Sat 02:30 EST", "Mon 02:30 EDT"]
    row = Missed.objects.get()
    assert (row.due_at, row.outcome) == (SPRING, "skipped")
    (report,) = Alert.objects.filter(dedupe_key__startswith="missed:")
    assert "2026-03-08 02:30 did not exist: the clock was set forward. Skipped." in report.body


def test_in_autumn_half_past_one_comes_twice_and_buys_once():
    _, action = live_through(AUTUMN, "30 1 * * *")
    assert bought_at(action) == ["Sat 01:30 EDT", "Sun 01:30 EDT", "Mon 01:30 EST"]
    assert not Missed.objects.exists()


@pytest.mark.parametrize(
    ("change", "times"),
    [(SPRING, ["Sat 09:30 EST", "Sun 09:30 EDT"]), (AUTUMN, ["Sat 09:30 EDT", "Sun 09:30 EST"])],
)
def test_half_past_nine_stays_half_past_nine(change, times):
    _, action = live_through(change, "30 9 * * *")
    assert [time for time in bought_at(action) if time[:3] != "Mon"] == times
    assert not Missed.objects.exists()


def test_every_half_hour_over_the_change_in_autumn():
    _, action = live_through(AUTUMN, "0,30 0-3 * * SUN")
    assert bought_at(action) == [
        "Sun 00:00 EDT", "Sun 00:30 EDT", "Sun 01:00 EDT", "Sun 01:30 EDT",
        "Sun 02:00 EST", "Sun 02:30 EST", "Sun 03:00 EST", "Sun 03:30 EST",
    ]  # fmt: skip


def test_every_half_hour_over_the_change_in_spring():
    _, action = live_through(SPRING, "0,30 1-3 * * SUN")
    assert bought_at(action) == ["Sun 01:00 EST", "Sun 01:30 EST", "Sun 03:00 EDT", "Sun 03:30 EDT"]
    (row,) = Missed.objects.all()
    assert "2026-03-08 02:00 and 2026-03-08 02:30 did not exist" in row.note


def test_reported_is_reported_once():
    live_through(SPRING, "30 2 * * *")
    assert missing.report(now=SPRING + ABOUT) == 0
