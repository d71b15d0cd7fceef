"""The file's shape: a header, and one entry per rule with what a person sets, in a fixed order.

Nothing in it belongs to one database. `ref` is a fingerprint of the entry: equal rules have equal refs, everywhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.lifecycle import shown_value
from automation.models import Action, ActionStatus

FORMAT, VERSION = "puffling rules", 1
KEEPING = (ActionStatus.ACTIVE.value, ActionStatus.PAUSED.value)  # what a rule in a file may be
# Left out where they say nothing; the others are always written, so that another version's defaults change nothing.
OPTIONAL = (
    "name",
    "symbol",
    "quantity",
    "amount_usd",
    "percent_of_position",
    "percent_of_equity",
    "goal",
    "targets",
    "limit_price",
    "limit_offset",
    "stop_price",
    "conditions",
    "group",
    "message",
    "valid_from",
    "valid_until",
    "run_late_minutes",
    "notes",
)
ORDER = (
    "ref",
    "name",
    "portfolio",
    "status",
    "mode",
    "action_type",
    "symbol",
    "quantity",
    "amount_usd",
    "percent_of_position",
    "percent_of_equity",
    "goal",
    "targets",
    "order_type",
    "limit_price",
    "limit_offset",
    "stop_price",
    "time_in_force",
    "trigger_type",
    "trigger_params",
    "conditions",
    "group",
    "message",
    "valid_from",
    "valid_until",
    "max_executions",
    "cooldown_seconds",
    "missed_policy",
    "run_late_minutes",
    "notes",
)


def entry_of(fields: Mapping[str, Any], *, portfolio: str, status: str, goal: str = "") -> dict[str, Any]:
    """One rule as the file has it. `fields` are a checked draft's; a rule that has ended is written as paused.

    Goals go by their names, like portfolios: their ids mean nothing elsewhere.
    """
    given: dict[str, Any] = {**fields, "symbol": fields["instrument_id"], "portfolio": portfolio, "goal": goal}
    if fields["trigger_type"] == "drift_above":
        params = {name: value for name, value in fields["trigger_params"].items() if name != "label"}
        given["trigger_params"] = {**params, "goal": fields["trigger_params"]["label"] or params["goal"]}
    given["status"] = status if status in KEEPING else ActionStatus.PAUSED.value
    entry = {name: _written(given[name]) for name in ORDER[1:]}
    entry = {name: value for name, value in entry.items() if name not in OPTIONAL or value not in (None, "", [], {})}
    return {"ref": fingerprint(entry), **entry}


def fields_of(action: Action) -> dict[str, Any]:
    """What a person set of a stored rule, as a checked draft has it."""
    names = [name for name in ORDER if name not in ("ref", "portfolio", "status", "symbol", "goal")]
    return {**{name: getattr(action, name) for name in names}, "instrument_id": action.instrument_id}


def goal_name(action: Action) -> str:
    """The name of the goal a rule rebalances to; empty if it does not."""
    return action.goal.name if action.goal else ""


def fingerprint(entry: Mapping[str, Any]) -> str:
    """Twelve letters and digits that change with any word of the entry but `ref` and `status`."""
    told = {name: value for name, value in entry.items() if name not in ("ref", "status")}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def in_order(entry: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Entries are sorted by symbol, kind and name, so that a file does not tell when its rules were made."""
    return (entry.get("symbol", ""), entry["action_type"], entry.get("name", ""), entry["ref"])


def _written(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _written(inner) for key, inner in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [_written(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, Decimal)):
        return str(shown_value(value)) if isinstance(value, Decimal) else value
    return str(shown_value(value))
