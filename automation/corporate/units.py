"""Which parameters of a trigger are dollars per share or shares, and so change with a split. Plain Python.

A trigger that is not listed has none: percentages, periods and times stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.money import plain
from watches.scaling import Scale, Unit

PARAMS: dict[str, dict[str, Unit]] = {
    "price_above": {"threshold": Unit.DOLLARS, "hysteresis": Unit.DOLLARS},
    "price_below": {"threshold": Unit.DOLLARS, "hysteresis": Unit.DOLLARS},
    "trailing_stop": {"amount": Unit.DOLLARS, "activation_price": Unit.DOLLARS},
    "volume_above": {"threshold": Unit.SHARES},
}


def scaled_params(trigger_type: str, params: Mapping[str, Any], scale: Scale) -> dict[str, Any]:
    """The parameters after the split, in the same spelling."""
    units = PARAMS.get(trigger_type, {})
    return {
        key: plain(scale.of(units[key], Decimal(value))) if key in units and value is not None else value
        for key, value in params.items()
    }


def scaled_conditions(
    conditions: list[dict[str, Any]], symbol: str, scale: Scale, *, of_action: bool
) -> list[dict[str, Any]]:
    """The conditions after the split. One without a symbol is about the rule's own (`of_action`: that is this one)."""
    return [
        {**one, "trigger_params": scaled_params(one["trigger_type"], one["trigger_params"], scale)}
        if (one.get("symbol") == symbol or (of_action and not one.get("symbol")))
        else one
        for one in conditions
    ]
