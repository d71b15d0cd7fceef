"""A trigger fired and the conditions did not hold: nothing is done, and the rule goes on trying.

The first skip since the rule was armed is an execution of its own, told once. The further ones only roll into it, so
that a rule whose price has been reached for weeks while its condition is not leaves one row.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from automation import conditions, firing
from automation.conditions import Verdict
from automation.models import Action, ActionExecution, ExecutionState

RETRY = timedelta(seconds=30)

_ROLL = """
UPDATE automation_actionexecution e SET reason_code = n.code, error = n.error, details = n.details::jsonb
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS n(id, code, error, details)
WHERE e.id = n.id
"""


def skip(found: Sequence[tuple[Action, dict[str, Any], Verdict]], *, now: datetime) -> list[ActionExecution]:
    """Record (action, what was seen, verdict) whose verdict is not true. Call holding the actions' locks.

    Returns the executions to `firing.record`; what rolls into an earlier one is saved here.
    """
    if not found:
        return []
    # Nothing has happened to the rule since: everything else takes the next epoch.
    earlier = {
        row.action_id: row
        for row in ActionExecution.objects.filter(
            action__in=[action.id for action, _, _ in found],
            state=ExecutionState.SKIPPED,
            reason_code__in=(conditions.FALSE, conditions.UNKNOWN),
            cause="trigger",
            epoch=F("action__epoch") - 1,
        )
    }
    fresh: list[ActionExecution] = []
    rolled: list[tuple[Any, ...]] = []
    for action, observation, verdict in found:
        row = earlier.get(action.id)
        if row is None or _asked(row.details["conditions"]) != _asked(verdict.as_json()):
            fresh.append(firing.fire(action, now=now, cause="trigger", observation=observation, verdict=verdict))
            continue
        details = {
            **row.details,
            "conditions": verdict.as_json(),
            "times": int(row.details.get("times", 1)) + 1,
            "last_at": now.isoformat(),
            "last_observation": observation,
        }
        rolled.append((row.id, verdict.reason_code, verdict.text[:400], json.dumps(details)))
    if rolled:
        with connection.cursor() as cursor:
            cursor.execute(_ROLL, [list(column) for column in zip(*rolled, strict=True)])
    return fresh


def _asked(conditions: Sequence[dict[str, Any]]) -> list[Any]:
    """What was asked, without the answers: edited conditions begin a row of their own."""
    return [(one["trigger_type"], one["trigger_params"], one["symbol"]) for one in conditions]
