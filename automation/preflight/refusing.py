"""What is refused when a rule is written: only what can never be right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.preflight.checks.unreachable import contradictions
from automation.preflight.regions import part_of
from common.errors import InvalidInput


def refuse_contradictions(fields: Mapping[str, Any]) -> None:
    """Raise InvalidInput for each condition that can never hold when the rule fires. `fields` as a draft gives them."""
    own = fields["instrument_id"] or ""
    trigger = part_of(fields["trigger_type"], fields["trigger_params"], own)
    conditions = [
        part_of(one["trigger_type"], one["trigger_params"], one.get("symbol") or own) for one in fields["conditions"]
    ]
    if errors := {f"conditions.{number}": text for number, text in contradictions(trigger, conditions)}:
        raise InvalidInput(errors)
