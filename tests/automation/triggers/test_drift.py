from __future__ import annotations

from datetime import timedelta

import pytest

from automation.triggers.registry import TRIGGERS
from tests.automation.triggers.showing import EVERY_TIME, START, D, errors, fired, is_normal, market, parse, plan_of

KIND = "drift_above"
GOAL = "0f0e0d0c-0000-4000-8000-000000000001"


def test_a_goal_is_all_it_takes():
    assert is_normal(KIND, goal=GOAL) == {"goal": GOAL, "label": ""}
    assert "required" in errors(KIND)["goal"]


@pytest.mark.parametrize("goal", ["Core", "7", 7, ["x"]])
def test_what_is_no_goal(goal):
    assert "goal" in errors(KIND, goal=goal)


def test_sentence():
    assert TRIGGERS[KIND].sentence(parse(KIND, goal=GOAL, label="Core"), "") == "Core has drifted out of its band"
    assert TRIGGERS[KIND].sentence(parse(KIND, goal=GOAL), "") == "the goal has drifted out of its band"


def test_it_watches_the_goal_whatever_the_rules_symbol_is():
    series = plan_of(KIND, {"goal": GOAL}, "AAPL").spec.series
    assert (series.subject, series.observable) == (f"goal:{GOAL}", "drift")


def test_it_fires_once_beyond_the_band_and_again_only_after_it_came_back():
    plan = plan_of(KIND, {"goal": GOAL}, "")
    values = [99, 100, 100.01, 150, 100, 99.9, 101]
    slices = [market(1, START + timedelta(minutes=n + 1), pushed=D(str(v))) for n, v in enumerate(values)]
    assert fired(plan, slices, EVERY_TIME) == [2, 6]
