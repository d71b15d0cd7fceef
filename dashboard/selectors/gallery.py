"""The gallery of templates: which serves which purpose."""

from __future__ import annotations

from dataclasses import dataclass

from automation.blueprints.base import Blueprint
from automation.blueprints.registry import BLUEPRINTS

PURPOSES = (
    (
        "Protect what you hold",
        "Sell before a loss, or a gain given back, grows too large.",
        ("trailing_stops", "stop_loss", "atr_stop", "time_stop"),
    ),
    ("Take gains", "Decide beforehand at which price you are content.", ("bracket", "take_profit_ladder")),
    ("Buy", "Build a position without watching the screen.", ("dca_weekly", "buy_the_dip")),
    ("Keep to the plan", "Bring the portfolio back to its targets.", ("rebalance_quarterly",)),
)


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A purpose, and the templates that serve it."""

    title: str
    about: str
    templates: tuple[Blueprint, ...]


def shelves() -> list[Shelf]:
    """Every template once; those no purpose names stand last."""
    listed = [
        Shelf(title=title, about=about, templates=tuple(BLUEPRINTS[name] for name in names))
        for title, about, names in PURPOSES
    ]
    named = {name for _, _, names in PURPOSES for name in names}
    others = tuple(blueprint for name, blueprint in BLUEPRINTS.items() if name not in named)
    return [*listed, Shelf(title="More", about="", templates=others)] if others else listed
