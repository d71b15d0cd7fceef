"""Rules that rebalance, and rules on a goal's drift: written, refused, fired, and their executions follow the run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from automation import lifecycle, observing, settling
from automation.explaining import explain
from automation.models import Action
from automation.rebalancing.models import RebalanceRun
from automation.sentences import sentence
from common.errors import InvalidInput
from safety.models import SafetyPolicy
from tests.automation.making import carry_out, executions, fresh, rule
from tests.automation.rebalancing.making import D, carried_on, goal_of, market_at, overweight
from tests.orders.making import NOW, Desk

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
CLOCK = {"trigger_type": "cron", "trigger_params": {"expression": "30 10 1 * *"}}


def rebalancing(desk: Desk, **changes: Any) -> Action:
    return rule(desk, **{"action_type": "REBALANCE", "symbol": None, "quantity": None, **CLOCK, **changes})


def wrong(desk: Desk, **changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as bad:
        rebalancing(desk, **changes)
    return {field: " ".join(texts) for field, texts in bad.value.errors.items()}


def test_a_goal_by_name_or_targets(desk: Desk) -> None:
    goal = goal_of(desk, name="Core")
    action = rebalancing(desk, goal="Core")
    assert (action.goal, action.targets) == (goal, {})
    assert sentence(action).startswith("Rebalance to Core on day 1 of every month at 10:30")
    action = rebalancing(desk, targets={"aapl": "0.25", "CASH": 0.75})
    assert action.targets == {"AAPL": "0.25", "CASH": "0.75"}
    assert sentence(action).startswith("Rebalance to AAPL 25 %, CASH 75 %")


def test_what_cannot_be(desk: Desk) -> None:
    goal_of(desk, name="Core")
    assert "neither was given" in wrong(desk)["goal"]
    assert "both were given" in wrong(desk, goal="Core", targets={"AAPL": "1"})["goal"]
    assert "it has 'Core'" in wrong(desk, goal="Other")["goal"]
    assert "sum to 0.9" in wrong(desk, targets={"AAPL": "0.9"})["targets"]
    assert "XXX" in wrong(desk, targets={"AAPL": "0.5", "XXX": "0.5"})["targets.XXX"]
    assert "targets.AAPL" in wrong(desk, targets={"AAPL": "-1"})
    assert "goes with REBALANCE only" in wrong(desk, action_type="NOTIFY", goal="Core")["goal"]
    assert "does not go with REBALANCE" in wrong(desk, goal="Core", quantity="5")["quantity"]


def test_the_database_says_no_as_well(desk: Desk) -> None:
    action = rebalancing(desk, goal=str(goal_of(desk).pk))
    for change in ({"goal": None}, {"targets": {"AAPL": "1"}}, {"action_type": "NOTIFY"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Action.objects.filter(pk=action.pk).update(**change)


def test_an_edit_to_targets_replaces_the_goal(desk: Desk) -> None:
    action = rebalancing(desk, goal=goal_of(desk).name)
    edited = lifecycle.update_action(
        user=desk.user, action_id=action.id, changes={"targets": {"AAPL": "0.2", "CASH": "0.8"}}, now=NOW, actor="ada"
    )
    assert (edited.goal_id, edited.targets) == (None, {"AAPL": "0.2", "CASH": "0.8"})


def test_an_execution_ends_with_its_run(desk: Desk) -> None:
    overweight(desk)
    action = rebalancing(desk, goal=goal_of(desk).name)
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    carry_out(now=NOW)
    (execution,) = executions(action)
    run = RebalanceRun.objects.get()
    assert (execution.state, execution.details["run"], run.execution_id) == ("running", str(run.pk), execution.id)
    assert (run.action_id, run.trace_id) == (action.id, execution.trace_id)
    assert carried_on(run).state == "completed"
    settling.settle([execution.id], now=NOW)
    assert executions(action)[0].state == "succeeded"
    assert fresh(action).status == "completed"


def test_a_refused_run_blocks_the_execution_with_its_code(desk: Desk) -> None:
    overweight(desk)
    SafetyPolicy.objects.update(max_daily_trades=1)
    action = rebalancing(desk, goal=goal_of(desk).name)
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    carry_out(now=NOW)
    (execution,) = executions(action)
    assert (execution.state, execution.reason_code) == ("blocked", "DAILY_TRADE_CAP")


def test_a_rule_that_only_tells_starts_nothing(desk: Desk) -> None:
    overweight(desk)
    action = rebalancing(desk, goal=goal_of(desk).name, mode="notify")
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    carry_out(now=NOW)
    assert executions(action)[0].state == "succeeded"
    assert not RebalanceRun.objects.exists()


def test_drift_fires_a_rule_once_a_minute_at_most_and_it_explains_itself(desk: Desk) -> None:
    overweight(desk)
    goal = goal_of(desk, name="Core")
    action = rebalancing(desk, goal="Core", trigger_type="drift_above", trigger_params={"goal": "Core"})
    assert action.trigger_params == {"goal": str(goal.pk), "label": "Core"}
    assert sentence(action) == "Rebalance to Core when Core has drifted out of its band."
    later = NOW + MINUTE
    market_at(later)
    assert observing.observe(now=later) == 1
    assert observing.observe(now=later) == 0
    (execution,) = executions(action)
    assert D(execution.observation["value"]) > 100
    told = explain(fresh(action), now=later)
    assert told.level == 100
    carry_out(now=later)
    assert RebalanceRun.objects.get().cause == "action"
