"""What was understood so far, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.triggers.base import BadParams
from automation.triggers.registry import TRIGGERS

VERBS = {"BUY": "buy", "SELL": "sell", "NOTIFY": "tell you", "REBALANCE": "rebalance"}
SIZES = {
    "quantity": "{} shares",
    "amount_usd": "${}",
    "percent_of_position": "{} % of the position",
    "percent_of_equity": "{} % of the portfolio",
}


def effect(kind: str | None, symbol: str | None, size: Mapping[str, Any], targets: Mapping[str, Any]) -> str:
    """'sell 10 shares IBM', with as much as is known."""
    parts = [
        VERBS.get(kind or "", "do what is still open"),
        *(SIZES.get(key, "{}").format(value) for key, value in size.items()),
    ]
    parts += [symbol] if symbol else []
    parts += [f"{name} {weight}" for name, weight in targets.items()]
    return " ".join(parts)


def trigger(kind: str, params: Mapping[str, Any], symbol: str | None) -> str:
    """'when IBM is at or above $220'; of a trigger that is not complete yet, what is known."""
    try:
        said = TRIGGERS[kind].sentence(TRIGGERS[kind].parse(dict(params)), symbol or "it")
    except BadParams:
        said = " ".join([kind.replace("_", " "), *(str(value) for value in params.values())])
    return said if said.startswith(("every ", "on ", "at ")) else f"when {said}"
