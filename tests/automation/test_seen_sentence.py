"""What was seen at a firing, as alerts and pages say it: rounded, with units; what is stored stays exact."""

from __future__ import annotations

from typing import Any

import pytest

from automation.firing import seen_sentence
from automation.models import Action, ActionExecution


@pytest.mark.parametrize(
    ("trigger", "params", "seen", "said"),
    [
        (
            "price_below",
            {"threshold": "90"},
            {"price": "89.912345", "value": "89.912345", "level": "90"},
            "price $89.91 against $90",
        ),
        (
            "change_pct",
            {"change": "0.5"},
            {"price": "28.1", "value": "0.53667263", "level": "0.5"},
            "price $28.10, 0.54 % against 0.5 %",
        ),
        (
            "trailing_stop",
            {"amount": "2"},
            {"price": "0.12345", "value": "2.5", "level": "2"},
            "price $0.1234, $2.50 against $2.00",
        ),
        ("rsi_below", {}, {"value": "29.123456789", "level": "30"}, "29.1235 against 30"),
        ("ma_cross", {"on": "close"}, {"price": "100", "value": "1", "level": "1"}, "price $100, the averages crossed"),
    ],
)
def test_values_are_said_as_a_person_reads_them(
    trigger: str, params: dict[str, str], seen: dict[str, Any], said: str
) -> None:
    action = Action(trigger_type=trigger, trigger_params=params, instrument_id="AAPL")
    execution = ActionExecution(action=action, cause="trigger", observation=seen)
    assert seen_sentence(execution) == said
    assert execution.observation is seen
