"""`price_above` and `price_below`: the last trade reaches a threshold."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.triggers.base import Params, WatchPlan
from automation.triggers.reading import Reader
from common.money import dollars
from watches.specs import SeriesSpec, WatchSpec


class PriceTrigger:
    """level (default): the first usable price at or beyond the threshold, even if it already is when armed.

    cross: the price must first have been on the other side since arming. After firing, both need the price back on
    the other side by `hysteresis` dollars, and the cooldown over, before they arm again.
    """

    needs_symbol = True
    of_portfolio = False

    def __init__(self, type: str, direction: int, verb: str) -> None:
        self.type = type
        self.direction = direction
        self.verb = verb

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        params = {
            "threshold": read.decimal("threshold", required=True),
            "edge": read.choice("edge", ("level", "cross"), default="level"),
            "hysteresis": read.decimal("hysteresis", default="0", at_least=0),
        }
        read.done()
        return params

    def plan(self, params: Params, symbol: str) -> WatchPlan:
        return WatchPlan(
            spec=WatchSpec(
                series=SeriesSpec(subject=symbol, observable="price"),
                direction=self.direction,
                level=Decimal(params["threshold"]),
                primes=params["edge"] == "cross",
                hysteresis=Decimal(params["hysteresis"]),
            )
        )

    def sentence(self, params: Params, symbol: str) -> str:
        if params["edge"] == "cross":
            return f"{symbol} crosses {'above' if self.direction > 0 else 'below'} {dollars(params['threshold'])}"
        return f"{symbol} {self.verb} {dollars(params['threshold'])}"

    @property
    def example(self) -> dict[str, Any]:
        return {"threshold": "150", "edge": "level", "hysteresis": "0"}


ABOVE = PriceTrigger("price_above", 1, "is at or above")
BELOW = PriceTrigger("price_below", -1, "is at or below")
