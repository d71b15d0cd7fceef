"""`signal`: a strategy begins to signal a side for the rule's symbol."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from automation.triggers.base import Params, WatchPlan
from automation.triggers.reading import Reader, shown
from watches.specs import SeriesKind, SeriesSpec, WatchSpec

SIDES = ("long", "flat", "short")
NAME_LENGTH = 120


class Signal:
    """Fires when a bar's signal is the side and the last known one before was another; not when it was so already.

    The pushed value is 1 while the strategy signals the side, else 0; an unknown signal is no value. `name` is what
    the strategy is called, for the sentence: filled in when the rule is stored.
    """

    type = "signal"
    needs_symbol = True
    of_portfolio = False

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        params: dict[str, Any] = {
            "strategy": read.text("strategy", required_hint="give the id of one of your strategies"),
            "side": read.choice("side", SIDES, default="long"),
        }
        name = read.text("name", required_hint="leave it out", default="")
        if name:
            params["name"] = name[:NAME_LENGTH]
        if params["strategy"] is not None:
            try:
                params["strategy"] = str(UUID(params["strategy"]))
            except ValueError:
                read.errors["strategy"] = (
                    f"{shown(params['strategy'])} is not the id of a strategy: see /api/strategies/"
                )
        read.done()
        return params

    def plan(self, params: Params, subject: str) -> WatchPlan:
        series = SeriesSpec(
            subject=subject, observable=f"signal:{params['strategy']}:{params['side']}", kind=SeriesKind.PUSHED
        )
        return WatchPlan(spec=WatchSpec(series=series, direction=1, level=Decimal(1), primes=True))

    def sentence(self, params: Params, symbol: str) -> str:
        return f"the strategy {params.get('name') or params['strategy']} begins to signal {params['side']} for {symbol}"

    @property
    def example(self) -> dict[str, Any]:
        return {"strategy": "00000000-0000-4000-8000-000000000000", "side": "long"}


SIGNAL = Signal()
