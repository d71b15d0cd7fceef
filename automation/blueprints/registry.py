"""Every blueprint, by name. Adding one is a file, a line here, and a mirrored test."""

from __future__ import annotations

from automation.blueprints.atr_stop import ATR_STOP
from automation.blueprints.base import Blueprint
from automation.blueprints.bracket import BRACKET
from automation.blueprints.buy_the_dip import BUY_THE_DIP
from automation.blueprints.dca_weekly import DCA_WEEKLY
from automation.blueprints.rebalance_quarterly import REBALANCE_QUARTERLY
from automation.blueprints.stop_loss import STOP_LOSS
from automation.blueprints.take_profit_ladder import TAKE_PROFIT_LADDER
from automation.blueprints.time_stop import TIME_STOP
from automation.blueprints.trailing_stops import TRAILING_STOPS

BLUEPRINTS: dict[str, Blueprint] = {}


def register(blueprint: Blueprint) -> None:
    """Add a blueprint. Raises ValueError when its name is taken."""
    if blueprint.name in BLUEPRINTS:
        raise ValueError(f"blueprint {blueprint.name!r} is registered twice")
    BLUEPRINTS[blueprint.name] = blueprint


_EVERY: tuple[Blueprint, ...] = (
    TRAILING_STOPS,
    STOP_LOSS,
    ATR_STOP,
    BRACKET,
    TAKE_PROFIT_LADDER,
    BUY_THE_DIP,
    DCA_WEEKLY,
    REBALANCE_QUARTERLY,
    TIME_STOP,
)
for _blueprint in _EVERY:
    register(_blueprint)
