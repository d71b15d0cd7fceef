"""Goals that drift: told once per episode, rebalanced once, tried again when what stood in the way may be over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.models import Alert
from automation.rebalancing.models import DriftEpisode, RebalanceRun
from automation.rebalancing.watching import watch
from markets.models import Quote
from safety.models import Switch
from tests.automation.rebalancing.making import S, carried_on, goal_of, market_at, overweight
from tests.orders.making import NOW, Desk, quote

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
TOLD = {"title__contains": "has drifted out of its band"}


def test_it_is_told_once_however_long_it_lasts(desk: Desk) -> None:
    overweight(desk)
    goal = goal_of(desk)
    assert [watch(now=NOW), watch(now=NOW + S), watch(now=NOW + 3 * MINUTE)] == [1, 0, 0]
    alert = Alert.objects.get(**TOLD)
    assert "A rebalance would sell" in alert.body
    assert not RebalanceRun.objects.exists()
    goal.target_weights = {"AAPL": "0.6", "CASH": "0.4"}  # as it stands: back inside
    goal.save()
    watch(now=NOW + 4 * MINUTE)
    assert DriftEpisode.objects.get().ended_at == NOW + 4 * MINUTE
    goal.target_weights = {"AAPL": "0.3", "CASH": "0.7"}
    goal.save()
    assert watch(now=NOW + 5 * MINUTE) == 1
    assert Alert.objects.filter(**TOLD).count() == 2


def test_an_automatic_goal_begins_one_run(desk: Desk) -> None:
    overweight(desk)
    goal_of(desk, rebalance_mode="auto")
    assert [watch(now=NOW), watch(now=NOW + S)] == [1, 0]
    run = RebalanceRun.objects.get()
    assert (run.cause, run.state) == ("auto", "planned")
    assert carried_on(run).state == "completed"
    watch(now=NOW + 5 * S)
    assert DriftEpisode.objects.get().ended_at is not None


def test_what_stands_in_the_way_is_told_once_and_tried_again(desk: Desk) -> None:
    overweight(desk)
    goal_of(desk, rebalance_mode="auto")
    Switch.objects.filter(scope="user").update(killed=True)
    for minutes in (0, 1, 15, 16, 31):
        market_at(NOW + minutes * MINUTE)
        watch(now=NOW + minutes * MINUTE)
    assert [run.reason_code for run in RebalanceRun.objects.all()] == ["KILL_SWITCH_ACTIVE"]
    assert DriftEpisode.objects.get().code == "KILL_SWITCH_ACTIVE"
    Switch.objects.filter(scope="user").update(killed=False)
    later = NOW + 50 * MINUTE
    market_at(later)
    watch(now=later)
    assert RebalanceRun.objects.filter(state="planned").count() == 1


def test_unknown_is_neither_in_nor_out(desk: Desk) -> None:
    overweight(desk)
    goal_of(desk)
    watch(now=NOW)
    Quote.objects.filter(instrument="AAPL").delete()
    assert watch(now=NOW + MINUTE) == 0
    assert DriftEpisode.objects.get().ended_at is None


def test_a_goal_that_is_off_ends_its_episode_and_one_with_a_schedule_is_left_to_it(desk: Desk) -> None:
    overweight(desk)
    goal = goal_of(desk)
    goal_of(desk, schedule="30 10 1 * *")
    assert watch(now=NOW) == 1
    goal.enabled = False
    goal.save()
    watch(now=NOW + MINUTE)
    assert DriftEpisode.objects.get().ended_at is not None


def test_buys_only_with_the_cash_there_is(desk: Desk) -> None:
    overweight(desk)
    goal_of(desk, rebalance_mode="auto", cash_flow_only=True)
    watch(now=NOW)
    run = carried_on(RebalanceRun.objects.get())
    assert {leg.side for leg in run.legs.all()} == {"buy"}
    assert run.state in ("completed", "completed_with_residuals")
    quote("AAPL", "100", at=NOW + S)
