from __future__ import annotations

from datetime import UTC, datetime

from automation.triggers.base import RequestPlan
from automation.triggers.registry import CONDITIONS, TRIGGERS
from tests.automation.triggers.showing import errors, is_normal, parse

KIND = "webhook"


def test_any_message_or_one_that_contains_a_text() -> None:
    assert is_normal(KIND) == {"contains": ""}
    assert is_normal(KIND, contains=" buy ")["contains"] == "buy"
    trigger = TRIGGERS[KIND]
    assert trigger.sentence(parse(KIND), "AAPL") == "its webhook is called"
    assert trigger.sentence(parse(KIND, contains="buy"), "") == (
        "its webhook is called with a message containing 'buy'"
    )


def test_what_cannot_be_looked_for() -> None:
    assert "at most 100 characters" in errors(KIND, contains="x" * 101)["contains"]
    assert "is not a text" in errors(KIND, contains=5)["contains"]
    assert "one line" in errors(KIND, contains="a\nb")["contains"]
    assert "did you mean contains" in errors(KIND, contain="a")["contain"]


def test_it_never_comes_by_itself_and_is_no_condition() -> None:
    plan = TRIGGERS[KIND].plan(parse(KIND), "")
    assert isinstance(plan, RequestPlan)
    assert plan.next_due(datetime(2026, 11, 20, tzinfo=UTC), []) is None
    assert KIND not in CONDITIONS
