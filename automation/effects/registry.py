"""Every effect, by action type. Adding one is a file, a line here, and a mirrored test."""

from __future__ import annotations

from automation.effects.base import Effect
from automation.effects.notify import NOTIFY
from automation.effects.rebalance import REBALANCE
from automation.effects.trade import TRADE

EFFECTS: dict[str, Effect] = {}


def register(effect: Effect) -> None:
    """Add an effect. Raises ValueError when one of its action types is taken."""
    for kind in effect.types:
        if kind in EFFECTS:
            raise ValueError(f"action type {kind!r} has two effects")
        EFFECTS[kind] = effect


register(TRADE)
register(REBALANCE)
register(NOTIFY)
