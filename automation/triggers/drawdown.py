"""`drawdown_above`: the portfolio is worth so many percent less than at its peak."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.triggers.base import Params, WatchPlan
from automation.triggers.reading import Reader
from watches.specs import SeriesKind, SeriesSpec, WatchSpec


class Drawdown:
    """Fires when the equity is `percent` or more below the portfolio's highest, judged once a minute.

    Money paid in or out moves the peak in proportion (`portfolios.peaks`): it is neither gain nor loss. After firing
    the drawdown must become smaller again before it re-arms. A holding without a price makes it unknown.
    """

    type = "drawdown_above"
    needs_symbol = False
    of_portfolio = True

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        params = {"percent": read.decimal("percent", required=True, below=100)}
        read.done()
        return params

    def plan(self, params: Params, subject: str) -> WatchPlan:
        series = SeriesSpec(subject=subject, observable="drawdown", kind=SeriesKind.PUSHED)
        return WatchPlan(spec=WatchSpec(series=series, direction=1, level=Decimal(params["percent"])))

    def sentence(self, params: Params, symbol: str) -> str:
        return f"the portfolio is {params['percent']} % or more below its peak"

    @property
    def example(self) -> dict[str, Any]:
        return {"percent": "10"}


DRAWDOWN = Drawdown()
