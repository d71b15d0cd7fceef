"""A goal's schedule: one timer, one run per time, however often it is looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.models import Alert
from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.scheduling import next_due, run_due
from portfolios.models import PortfolioGoal
from tests.automation.rebalancing.making import goal_of, market_at, overweight
from tests.orders.making import NOW, Desk
from watches.models import Timer

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)  # 10:30 in New York


def scheduled(desk: Desk, **fields: object) -> PortfolioGoal:
    overweight(desk)
    return goal_of(desk, schedule="30 10 * * *", **fields)


def test_the_timer_is_set_and_follows_the_goal(desk: Desk) -> None:
    goal = scheduled(desk)
    assert run_due(now=NOW) == 0
    assert Timer.objects.get(owner_kind="goal").due_at == DUE == next_due(goal, NOW)
    goal.schedule, goal.version = "45 11 * * *", 2
    goal.save()
    run_due(now=NOW)
    assert Timer.objects.get(owner_kind="goal").due_at == DUE + timedelta(minutes=75)


def test_an_automatic_goal_is_rebalanced_once_per_time(desk: Desk) -> None:
    scheduled(desk, rebalance_mode="auto")
    run_due(now=NOW)
    market_at(DUE)
    assert [run_due(now=DUE), run_due(now=DUE)] == [1, 0]
    run = RebalanceRun.objects.get()
    assert (run.cause, run.state) == ("schedule", "planned")
    assert Timer.objects.get(owner_kind="goal").due_at == DUE + timedelta(days=1)


def test_a_time_that_passed_while_nobody_was_there_is_made_up_for_once(desk: Desk) -> None:
    scheduled(desk, rebalance_mode="auto")
    run_due(now=NOW)
    late = DUE + timedelta(days=2, minutes=45)
    market_at(late)
    assert run_due(now=late) == 1
    assert RebalanceRun.objects.count() == 1
    assert Timer.objects.get(owner_kind="goal").due_at > late


def test_a_goal_that_only_tells_is_told_about(desk: Desk) -> None:
    scheduled(desk)
    run_due(now=NOW)
    market_at(DUE)
    run_due(now=DUE)
    assert Alert.objects.filter(title__startswith="It is time to rebalance").count() == 1
    assert not RebalanceRun.objects.exists()


def test_a_goal_switched_off_does_nothing(desk: Desk) -> None:
    goal = scheduled(desk, rebalance_mode="auto")
    run_due(now=NOW)
    goal.enabled = False
    goal.save()
    assert run_due(now=DUE) == 1
    assert not RebalanceRun.objects.exists()
    assert not Timer.objects.filter(owner_kind="goal").exists()
