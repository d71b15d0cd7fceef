from __future__ import annotations

from datetime import UTC, datetime

from automation.blueprints.rebalance_quarterly import REBALANCE_QUARTERLY
from automation.triggers.base import ClockPlan
from automation.triggers.registry import TRIGGERS
from tests.automation.blueprints.facts import drafts, refused


def test_four_times_a_year_in_the_second_week() -> None:
    (rule,) = drafts(REBALANCE_QUARTERLY, goal="Core", time="9:45")
    assert (rule["action_type"], rule["goal"], rule["max_executions"]) == ("REBALANCE", "Core", None)
    trigger = TRIGGERS[rule["trigger_type"]]
    plan = trigger.plan(trigger.parse(rule["trigger_params"]), "")
    assert isinstance(plan, ClockPlan)
    at, found = datetime(2026, 1, 1, tzinfo=UTC), []
    for _ in range(4):
        due = plan.next_due(at, [])
        assert due is not None
        found.append(due)
        at = due
    assert [due.date().isoformat() for due in found] == ["2026-01-14", "2026-04-08", "2026-07-08", "2026-10-14"]
    assert [due.hour for due in found] == [14, 13, 13, 13]  # 09:45 in New York


def test_what_cannot_be() -> None:
    assert set(refused(REBALANCE_QUARTERLY, goal="", day="sat", time="25:00")) == {"goal", "day", "time"}
