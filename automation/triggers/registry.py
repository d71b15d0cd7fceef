"""Every trigger, by type. Adding one is a file, a line here, and a mirrored test."""

from __future__ import annotations

from automation.triggers.base import Trigger, WatchPlan
from automation.triggers.change import CHANGE
from automation.triggers.cron import CRON
from automation.triggers.drawdown import DRAWDOWN
from automation.triggers.drift import DRIFT
from automation.triggers.lasting import Lasting
from automation.triggers.ma_cross import MA_CROSS
from automation.triggers.price import ABOVE, BELOW
from automation.triggers.rsi import ABOVE as RSI_ABOVE
from automation.triggers.rsi import BELOW as RSI_BELOW
from automation.triggers.signal import SIGNAL
from automation.triggers.time_of_day import TIME_OF_DAY
from automation.triggers.trailing_stop import TRAILING_STOP
from automation.triggers.volume import VOLUME
from automation.triggers.webhook import WEBHOOK

TRIGGERS: dict[str, Trigger] = {}


def register(trigger: Trigger) -> None:
    """Add a trigger, which may then be asked to hold `for_seconds`. Raises ValueError when its type is taken."""
    if trigger.type in TRIGGERS:
        raise ValueError(f"trigger type {trigger.type!r} is registered twice")
    TRIGGERS[trigger.type] = Lasting(trigger)


for _trigger in (
    ABOVE,
    BELOW,
    CHANGE,
    TIME_OF_DAY,
    TRAILING_STOP,
    MA_CROSS,
    VOLUME,
    RSI_ABOVE,
    RSI_BELOW,
    DRAWDOWN,
    DRIFT,
    CRON,
    WEBHOOK,
    SIGNAL,
):
    register(_trigger)

EVENTS = ("trailing_stop", "signal")  # something happens; nothing is true for a while
# What can be asked of the moment another trigger fires: everything that is true for a while rather than at an instant.
CONDITIONS = tuple(
    kind
    for kind, trigger in TRIGGERS.items()
    if kind not in ("trailing_stop", "drift_above", "signal")
    and isinstance(trigger.plan(trigger.parse(trigger.example), ""), WatchPlan)
)
