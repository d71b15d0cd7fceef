"""`ma_cross`: a short moving average crosses a long one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.triggers.base import Params, WatchPlan
from automation.triggers.reading import Reader
from watches.specs import Follow, SeriesKind, SeriesSpec, WatchSpec

TIMEFRAMES = ("1m", "5m", "15m", "30m", "1h", "1d")


class MovingAverageCross:
    """On close (default): on a closed bar, short > long while on the bar before short <= long (and the reverse, down).

    Live: the running bar counts with its last price, so the cross can come and go within a bar. Warm-up: long + 1
    bars for sma, 3 x long for ema; until then the value is unknown and nothing fires.
    """

    type = "ma_cross"
    needs_symbol = True
    of_portfolio = False

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        params = {
            "short": read.integer("short", default=50, at_most=400),
            "long": read.integer("long", default=200, at_most=400),
            "kind": read.choice("kind", ("sma", "ema"), default="sma"),
            "timeframe": read.choice("timeframe", TIMEFRAMES, default="1d"),
            "direction": read.choice("direction", ("up", "down", "either"), default="up"),
            "on": read.choice("on", ("close", "live"), default="close"),
        }
        short, long = params["short"], params["long"]
        if isinstance(short, int) and isinstance(long, int) and short >= long:
            read.errors["short"] = f"{short} is not shorter than long ({long}): give short below long"
        read.done()
        return params

    def plan(self, params: Params, symbol: str) -> WatchPlan:
        name = f"{params['kind']}:{params['short']}:{params['long']}:{params['timeframe']}"
        direction = -1 if params["direction"] == "down" else 1
        either = params["direction"] == "either"
        if params["on"] == "close":
            # The pushed value is +1 on a bar that crossed up, -1 on one that crossed down, else 0.
            series = SeriesSpec(
                subject=symbol,
                observable=f"{'abs_' if either else ''}ma_cross:{name}",
                kind=SeriesKind.PUSHED,
            )
            # A bar without a cross does not end what a cross began: the opposite one does (either way: the next one).
            release = Decimal(direction if either else -direction)
            spec = WatchSpec(series=series, direction=direction, level=Decimal(direction), release=release)
            return WatchPlan(spec=spec)
        # The live spread is linear in the last price; automation.observing stores its two coefficients at each close.
        series = SeriesSpec(subject=symbol, observable=f"ma_spread:{name}", reference=None)
        return WatchPlan(
            spec=WatchSpec(
                series=series,
                direction=direction,
                level=Decimal(0),
                strict=True,
                primes=not either,
                follow=Follow(kind="either_way") if either else None,
            )
        )

    def sentence(self, params: Params, symbol: str) -> str:
        verb = {"up": "crosses above", "down": "crosses below", "either": "crosses"}[params["direction"]]
        when = "live" if params["on"] == "live" else "at a close"
        return (
            f"{symbol}'s {params['short']}-bar {params['kind'].upper()} {verb} its {params['long']}-bar one"
            f" ({params['timeframe']} bars, {when})"
        )

    @property
    def example(self) -> dict[str, Any]:
        return {"short": 50, "long": 200, "kind": "sma", "timeframe": "1d", "direction": "up", "on": "close"}


MA_CROSS = MovingAverageCross()
