"""Every strategy, by key. Adding one is a file, a line here, and a mirrored test."""

from __future__ import annotations

from automation.strategies.base import Strategy
from automation.strategies.momentum import MOMENTUM

STRATEGIES: dict[str, Strategy] = {}


def register(strategy: Strategy) -> None:
    """Add a strategy. Raises ValueError when its key is taken."""
    if strategy.key in STRATEGIES:
        raise ValueError(f"strategy {strategy.key!r} is registered twice")
    STRATEGIES[strategy.key] = strategy


for _strategy in (MOMENTUM,):
    register(_strategy)
