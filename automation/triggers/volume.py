"""`volume_above`: so many shares traded."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.triggers.base import Params, WatchPlan
from automation.triggers.reading import Reader
from watches.specs import SeriesKind, SeriesSpec, WatchSpec


class VolumeTrigger:
    """The session's cumulative volume reaches `threshold` shares, or `multiple` times the average of N past sessions.

    window bar: the volume of one closed minute bar instead. What counts is the volume the feed reports.
    """

    type = "volume_above"
    needs_symbol = True
    of_portfolio = False

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        params: dict[str, Any] = {
            "threshold": read.decimal("threshold"),
            "multiple": read.decimal("multiple", at_most=10_000),
            "average_days": read.integer("average_days", default=20, at_most=250),
            "window": read.choice("window", ("session", "bar"), default="session"),
        }
        sizes = [key for key in ("threshold", "multiple") if params[key] is not None]
        if len(sizes) == 2:
            read.errors["multiple"] = (
                f"'{params['multiple']}' is one size too many: give threshold or multiple, not both"
            )
        elif not sizes and not read.errors.keys() & {"threshold", "multiple"}:
            read.errors["threshold"] = "is required: give threshold in shares, or multiple of the average"
        elif params["multiple"] is not None and params["window"] == "bar":
            read.errors["window"] = "'bar' does not go with multiple: give threshold in shares"
        read.done()
        if params["multiple"] is None:
            del params["average_days"]
        return {key: value for key, value in params.items() if value is not None}

    def plan(self, params: Params, symbol: str) -> WatchPlan:
        if params["window"] == "bar":
            series = SeriesSpec(subject=symbol, observable="bar_volume:1m", kind=SeriesKind.PUSHED)
            return WatchPlan(spec=WatchSpec(series=series, direction=1, level=Decimal(params["threshold"])))
        if "multiple" in params:
            series = SeriesSpec(
                subject=symbol,
                observable=f"volume_ratio:{params['average_days']}",
                kind=SeriesKind.VOLUME,
                reference=None,
            )
            return WatchPlan(spec=WatchSpec(series=series, direction=1, level=Decimal(params["multiple"])))
        series = SeriesSpec(subject=symbol, observable="volume", kind=SeriesKind.VOLUME)
        return WatchPlan(spec=WatchSpec(series=series, direction=1, level=Decimal(params["threshold"])))

    def sentence(self, params: Params, symbol: str) -> str:
        if "multiple" in params:
            return f"{symbol}'s volume today reaches {params['multiple']} x its {params['average_days']}-day average"
        if params["window"] == "bar":
            return f"{symbol} trades {params['threshold']} shares or more within one minute"
        return f"{symbol}'s volume today reaches {params['threshold']} shares"

    @property
    def example(self) -> dict[str, Any]:
        return {"threshold": "1000000", "window": "session"}


VOLUME = VolumeTrigger()
