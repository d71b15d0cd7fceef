"""Every kind of condition, by type. Adding one is a file, a line here, and a mirrored test."""

from __future__ import annotations

from alerts.conditions.base import Kind
from alerts.conditions.price import PRICE
from alerts.conditions.rebalance import REBALANCE
from alerts.conditions.risk import RISK
from alerts.conditions.signal import SIGNAL

KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind. Raises ValueError when its type is taken."""
    if kind.type in KINDS:
        raise ValueError(f"condition {kind.type!r} is registered twice")
    KINDS[kind.type] = kind


_EVERY: tuple[Kind, ...] = (PRICE, SIGNAL, RISK, REBALANCE)
for _kind in _EVERY:
    register(_kind)
