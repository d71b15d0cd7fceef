"""`rsi_above` and `rsi_below`: Wilder's relative strength index reaches a threshold at the close of a bar."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.triggers.base import Params, WatchPlan
from automation.triggers.reading import Reader
from watches.specs import SeriesKind, SeriesSpec, WatchSpec

TIMEFRAMES = ("1m", "5m", "15m", "30m", "1h", "1d")
LONGEST = 100  # bars; ten times as many are needed before the value is known


class RsiTrigger:
    """The first closed bar whose RSI is at or beyond the threshold. After firing it must come back before it re-arms.

    Known once ten periods of closed bars are there (see `automation.rsi`); until then nothing fires.
    """

    needs_symbol = True
    of_portfolio = False

    def __init__(self, type: str, direction: int, verb: str, example: str) -> None:
        self.type = type
        self.direction = direction
        self.verb = verb
        self._threshold = example

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        params = {
            "threshold": read.decimal("threshold", required=True, at_least=0, at_most=100),
            "period": read.integer("period", default=14, at_least=2, at_most=LONGEST),
            "timeframe": read.choice("timeframe", TIMEFRAMES, default="1d"),
        }
        read.done()
        return params

    def plan(self, params: Params, symbol: str) -> WatchPlan:
        series = SeriesSpec(
            subject=symbol, observable=f"rsi:{params['period']}:{params['timeframe']}", kind=SeriesKind.PUSHED
        )
        level = Decimal(params["threshold"])
        return WatchPlan(spec=WatchSpec(series=series, direction=self.direction, level=level))

    def sentence(self, params: Params, symbol: str) -> str:
        bars = f"{params['timeframe']} bars, at a close"
        return f"{symbol}'s {params['period']}-bar RSI is {self.verb} {params['threshold']} ({bars})"

    @property
    def example(self) -> dict[str, Any]:
        return {"threshold": self._threshold, "period": 14, "timeframe": "1d"}


ABOVE = RsiTrigger("rsi_above", 1, "at or above", "70")
BELOW = RsiTrigger("rsi_below", -1, "at or below", "30")
