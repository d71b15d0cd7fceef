"""An edit laid over the rule as it stands, in the words of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.drafts import as_raw
from automation.models import Action


def merged(action: Action, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The action with the changes laid over it. A new size replaces the old one, a new trigger type its parameters."""
    raw = as_raw(action)
    sizes = {"quantity", "amount_usd", "percent_of_position", "percent_of_equity"}
    if any(changes.get(size) not in (None, "") for size in sizes & changes.keys()):
        raw.update(dict.fromkeys(sizes))
    if changes.get("trigger_type", action.trigger_type) != action.trigger_type:
        raw["trigger_params"] = {}
    if "order_type" in changes:
        raw.update(limit_price=None, limit_offset=None, stop_price=None)
    if "limit_price" in changes or "limit_offset" in changes:
        raw.update(limit_price=None, limit_offset=None)
    return {**raw, **changes}
