"""`change_pct`: the price moved by so many percent from a named base."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.triggers.base import Params, WatchPlan
from automation.triggers.reading import Reader, shown
from watches.windows import DIRECTIONS, HINT, change_watch, change_words, spelled, usable
from watches.windows import days_back as days_back
from watches.windows import rolling_minutes as rolling_minutes


class ChangeTrigger:
    """Fires when the change from the base reaches `change` percent: up, down, or either way.

    Base: `1d` the previous session's close (split-adjusted), `Nd` the close N sessions ago, `15m`…`4h` the price that
    long ago (minute bars), `session` today's open, `since_armed` the first price seen after arming.
    """

    type = "change_pct"
    needs_symbol = True
    of_portfolio = False

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        change = read.decimal("change", required=True, at_most=10_000)
        direction = read.choice("direction", DIRECTIONS, default="either")
        if direction == "down" and change is not None and Decimal(change) >= 100:
            read.errors["change"] = f"'{change}' is too large: a price cannot fall by 100 percent or more"
        window = read.text("window", required_hint=HINT, default="1d") or "1d"
        if not usable(window):
            read.errors["window"] = f"{shown(window)} is not a window: {HINT}"
        read.done()
        return {"change": change, "direction": direction, "window": spelled(window)}

    def plan(self, params: Params, symbol: str) -> WatchPlan:
        spec = change_watch(symbol, Decimal(params["change"]), params["direction"], params["window"])
        return WatchPlan(spec=spec)

    def sentence(self, params: Params, symbol: str) -> str:
        return f"{symbol} {change_words(params['direction'], params['change'], params['window'])}"

    @property
    def example(self) -> dict[str, Any]:
        return {"change": "3", "direction": "up", "window": "1d"}


CHANGE = ChangeTrigger()
