"""One approval for the whole run: asked once, held to what was asked, used once."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.models import Alert
from automation.rebalancing import approving
from automation.rebalancing.approving import Click
from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.states import RunState
from common.errors import Conflict, NotFound
from safety.models import AuditEntry, SafetyPolicy, Switch
from tests.automation.rebalancing.making import (
    D,
    S,
    carried_on,
    explained,
    fresh,
    goal_of,
    market_at,
    orders,
    overweight,
    started,
)
from tests.orders.making import NOW, Desk, open_desk, quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(desk: Desk) -> RebalanceRun:
    SafetyPolicy.objects.update(large_order_pct=D(5))
    overweight(desk)
    waiting = carried_on(started(desk, goal_of(desk)))
    assert waiting.state == RunState.AWAITING_APPROVAL
    assert not orders(waiting)
    return waiting


def click(desk: Desk, run: RebalanceRun, **changes: Any) -> Click:
    return Click(**{"user": desk.user, "run_id": run.pk, "actor": "ada", **changes})


def test_one_yes_carries_every_order(desk: Desk, run: RebalanceRun) -> None:
    assert Alert.objects.filter(kind="approval", data__run=str(run.pk)).count() == 1
    approving.approve(click(desk, run, note="as planned"), now=NOW)
    done = carried_on(run)
    assert done.state == RunState.COMPLETED, done.residuals
    assert {order.approved_by for order in orders(done)} == {"ada"}
    assert {order.state for order in orders(done)} == {"filled"}
    assert (done.approved_by, done.approval_note) == ("ada", "as planned")
    assert Alert.objects.filter(kind="approval").count() == 1
    entry = AuditEntry.objects.get(kind="approval")
    assert (entry.subject, entry.actor, entry.data["decision"]) == (str(run.pk), "ada", "approve")
    assert explained(done)
    with pytest.raises(Conflict, match="does not wait"):
        approving.approve(click(desk, run), now=NOW)


def test_the_order_of_one_symbol_cannot_grow_beyond_what_was_agreed(desk: Desk, run: RebalanceRun) -> None:
    approving.approve(click(desk, run), now=NOW)
    leg = run.legs.get(side="sell")
    leg.quantity = leg.planned_quantity * 2
    leg.save()
    done = carried_on(run)
    (sell,) = orders(done)
    assert (sell.state, sell.approved_by) == ("awaiting_approval", "")  # for a person to see by itself
    assert done.state == RunState.SELLING


def test_declined(desk: Desk, run: RebalanceRun) -> None:
    approving.decline(click(desk, run, note="not now"), now=NOW)
    done = carried_on(run)
    assert (done.state, done.reason) == (RunState.DECLINED, "Declined by ada. not now")
    assert not orders(done)


def test_expired(desk: Desk, run: RebalanceRun) -> None:
    with pytest.raises(Conflict) as late:
        approving.approve(click(desk, run), now=run.expires_at)
    assert late.value.code == "approval_expired"
    done = carried_on(run, now=run.expires_at)
    assert (done.state, done.reason_code) == (RunState.EXPIRED, "APPROVAL_EXPIRED")


def test_a_price_left_the_collar(desk: Desk, run: RebalanceRun) -> None:
    later = NOW + 60 * S
    market_at(later)
    quote("MSFT", "102", at=later)
    changed = {change.name for change in approving.changes_of(run, now=later) if change.changed}
    assert changed == {"price:MSFT"}
    done = approving.approve(click(desk, run), now=later)
    assert (done.state, done.reason_code) == (RunState.BLOCKED, "APPROVAL_STALE")
    assert "MSFT was at $100 when you were asked and is at $102 now" in done.reason


def test_other_legs_than_those_that_were_asked_about(desk: Desk, run: RebalanceRun) -> None:
    run.legs.filter(side="buy").update(planned_quantity=D(1))
    done = approving.approve(click(desk, run), now=NOW)
    assert (done.state, done.reason_code) == (RunState.BLOCKED, "APPROVAL_MISMATCH")


def test_everything_is_asked_again_at_the_click(desk: Desk, run: RebalanceRun) -> None:
    SafetyPolicy.objects.update(max_daily_trades=1)
    done = approving.approve(click(desk, run), now=NOW)
    assert (done.state, done.reason_code) == (RunState.BLOCKED, "DAILY_TRADE_CAP")


def test_the_kill_switch_while_it_waits(desk: Desk, run: RebalanceRun) -> None:
    Switch.objects.filter(scope="user").update(killed=True)
    done = approving.approve(click(desk, run), now=NOW)
    assert (done.state, done.reason_code) == (RunState.BLOCKED, "KILL_SWITCH_ACTIVE")


def test_another_users_run_does_not_exist(desk: Desk, run: RebalanceRun) -> None:
    other = open_desk("bob")
    for decide in (approving.approve, approving.decline):
        with pytest.raises(NotFound):
            decide(click(other, run), now=NOW)
    assert fresh(run).state == RunState.AWAITING_APPROVAL


def test_parts_of_one_symbol_count_together(desk: Desk) -> None:
    """Splitting does not get around the person."""
    SafetyPolicy.objects.update(max_order_notional_pct=D(4), large_order_pct=D(5))
    waiting = carried_on(started(desk, goal_of(desk, target_weights={"AAPL": "0.1", "CASH": "0.9"})))
    assert waiting.legs.count() == 3
    assert waiting.state == RunState.AWAITING_APPROVAL
