"""Every strategy, by key. Adding one is a file, a line here, and a mirrored test."""

from __future__ import annotations

from automation.strategies.base import Strategy
from automation.strategies.breakout import BREAKOUT
from automation.strategies.ma_cross import MA_CROSS
from automation.strategies.mean_reversion import MEAN_REVERSION
from automation.strategies.momentum import MOMENTUM
from automation.strategies.pairs import PAIRS
from automation.strategies.rotation import ROTATION
from automation.strategies.rsi import RSI

STRATEGIES: dict[str, Strategy] = {}


def register(strategy: Strategy) -> None:
    """Add a strategy. Raises ValueError when its key is taken."""
    if strategy.key in STRATEGIES:
        raise ValueError(f"strategy {strategy.key!r} is registered twice")
    STRATEGIES[strategy.key] = strategy


for _strategy in (MOMENTUM, MA_CROSS, BREAKOUT, MEAN_REVERSION, RSI, PAIRS, ROTATION):
    register(_strategy)
