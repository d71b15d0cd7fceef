"""Rebalance runs: begun, watched, approved, declined, stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.states import RunState
from common.clock import now
from orders.models import Order
from safety.models import SafetyPolicy
from tests.dashboard.goal_making import carry_on, goal_for, overweight, run_for
from tests.orders.making import D, Desk, quote


def page_of(answer: Any) -> str:
    return str(answer.content.decode())


def large_from(desk: Desk, percent: int) -> None:
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=D(percent))


@pytest.fixture
def waiting(desk: Desk) -> RebalanceRun:
    large_from(desk, 5)
    overweight(desk)
    run = carry_on(run_for(desk, goal_for(desk)))
    assert run.state == RunState.AWAITING_APPROVAL
    return run


def test_a_rebalance_is_asked_for_begun_and_watched_to_its_end(site: Client, desk: Desk) -> None:
    overweight(desk)
    goal = goal_for(desk)
    asked = page_of(site.get(f"/goals/{goal.pk}/rebalance/"))
    assert "First the sale of $50,0" in asked
    assert "Rebalance now" in asked
    answer = site.post(f"/goals/{goal.pk}/rebalance/")
    run = RebalanceRun.objects.get()
    assert answer.headers["Location"] == f"/goals/runs/{run.pk}/"
    before = site.get(f"/goals/runs/{run.pk}/")
    assert [step.look for step in before.context["steps"]] == ["done", "left", "left", "left"]
    assert "Not yet" in page_of(before)
    assert carry_on(run).state == RunState.COMPLETED
    after = site.get(f"/goals/runs/{run.pk}/")
    assert [step.look for step in after.context["steps"]] == ["done"] * 4
    page = page_of(after)
    for order in Order.objects.filter(source_id=str(run.pk)):
        assert f"/orders/{order.pk}/" in page
    assert "At the end everything was inside its band" in page
    assert "Completed" in page_of(site.get("/goals/runs/"))
    assert "Completed" in page_of(site.get(f"/goals/{goal.pk}/"))


def test_nothing_to_do_is_said(site: Client, desk: Desk) -> None:
    goal = goal_for(desk, target_weights={"CASH": "1"})
    assert "Nothing to do" in page_of(site.get(f"/goals/{goal.pk}/rebalance/"))
    answer = site.post(f"/goals/{goal.pk}/rebalance/", follow=True)
    assert "Nothing to do: nothing is far enough" in page_of(answer)


def test_what_the_gate_refuses_is_said_before_and_after(site: Client, desk: Desk) -> None:
    overweight(desk)
    goal = goal_for(desk)
    SafetyPolicy.objects.filter(user=desk.user).update(max_daily_trades=1)
    asked = page_of(site.get(f"/goals/{goal.pk}/rebalance/"))
    assert "It would not begin now" in asked
    assert "Rebalance now" not in asked
    answer = site.post(f"/goals/{goal.pk}/rebalance/", follow=True)
    assert "Not begun." in page_of(answer)
    assert RebalanceRun.objects.get().state == RunState.BLOCKED


def test_a_large_run_asks_and_says_what_changed_since(site: Client, desk: Desk, waiting: RebalanceRun) -> None:
    quote("AAPL", "100.5", at=now())
    for path in ("/goals/", "/goals/runs/", f"/goals/runs/{waiting.pk}/"):
        page = page_of(site.get(path))
        assert "Approve?" in page, path
        assert "Price of AAPL" in page
        assert "$100.5" in page
        assert 'data-left="8' in page
    answer = site.post(f"/goals/runs/{waiting.pk}/approve/", {"note": "as planned"}, follow=True)
    assert "Approved. The safety gate looked at the whole run once more" in page_of(answer)
    done = carry_on(waiting)
    assert done.approved_by == "ada"
    assert done.state in (RunState.COMPLETED, RunState.COMPLETED_WITH_RESIDUALS)
    page = page_of(site.get(f"/goals/runs/{waiting.pk}/"))
    assert "as planned" in page
    assert "by ada" in page


def test_decline(site: Client, waiting: RebalanceRun) -> None:
    answer = site.post(f"/goals/runs/{waiting.pk}/decline/", {"note": "too much", "next": "/goals/runs/"}, follow=True)
    assert answer.redirect_chain[0][0] == "/goals/runs/"
    assert "Declined. Nothing will be ordered" in page_of(answer)
    assert "Approve?" not in page_of(answer)
    assert "Declined by ada. too much" in page_of(site.get(f"/goals/runs/{waiting.pk}/"))
    again = site.post(f"/goals/runs/{waiting.pk}/approve/", follow=True)
    assert "does not wait for an approval" in page_of(again)
    assert not Order.objects.exists()


def test_an_approval_the_price_ran_away_from(site: Client, waiting: RebalanceRun) -> None:
    quote("AAPL", "104", at=now())
    answer = site.post(f"/goals/runs/{waiting.pk}/approve/", follow=True)
    assert "Not begun. AAPL was at $100 when you were asked" in page_of(answer)


def test_an_approval_that_came_too_late(site: Client, waiting: RebalanceRun) -> None:
    RebalanceRun.objects.filter(pk=waiting.pk).update(expires_at=now() - timedelta(seconds=1))
    assert "Its time is over" in page_of(site.get(f"/goals/runs/{waiting.pk}/"))
    answer = site.post(f"/goals/runs/{waiting.pk}/approve/", follow=True)
    assert "The approval was possible until" in page_of(answer)


def test_stop_a_run(site: Client, waiting: RebalanceRun) -> None:
    answer = site.post(f"/goals/runs/{waiting.pk}/cancel/", follow=True)
    assert "Stopped: what is open is cancelled" in page_of(answer)
    waiting.refresh_from_db()
    assert waiting.state == RunState.CANCELLED
    assert "Stop the run" not in page_of(site.get(f"/goals/runs/{waiting.pk}/"))


def test_filters(site: Client, desk: Desk, waiting: RebalanceRun) -> None:
    blocked = run_for(desk, goal_for(desk, name="Other"))
    assert blocked.reason_code == "RUN_OPEN"

    def found(**query: str) -> set[object]:
        return {row.run.pk for row in site.get("/goals/runs/", query).context["rows"]}

    assert found() == {waiting.pk, blocked.pk}
    assert found(state="open") == {waiting.pk}
    assert found(state="blocked") == {blocked.pk}
    assert found(goal=str(waiting.goal_id)) == {waiting.pk}
    assert found(goal="nonsense") == set()


def test_somebody_elses_run_does_not_exist(site: Client, other: Desk) -> None:
    run = run_for(other, goal_for(other))
    assert site.get(f"/goals/runs/{run.pk}/").status_code == 404
    for verb in ("approve", "decline", "cancel"):
        assert site.post(f"/goals/runs/{run.pk}/{verb}/").status_code == 404
    assert site.post(f"/goals/runs/{'-' * 36}/cancel/").status_code == 404
