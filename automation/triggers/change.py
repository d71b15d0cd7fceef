"""`change_pct`: the price moved by so many percent from a named base."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.triggers.base import Params, WatchPlan
from automation.triggers.reading import Reader, shown
from common.money import HUNDRED
from watches.specs import Base, Follow, SeriesKind, SeriesSpec, WatchSpec

ROLLING = re.compile(r"(\d{1,3})(m|h)", re.ASCII)
DAYS = re.compile(r"(\d{1,3})d", re.ASCII)
_HINT = "use 1d (from the previous close), 5d, 15m to 4h, session (from today's open) or since_armed"


def rolling_minutes(window: str) -> int | None:
    """The length of a rolling window in minutes, or None if the window is of another kind."""
    match = ROLLING.fullmatch(window)
    return int(match[1]) * (60 if match[2] == "h" else 1) if match else None


def days_back(window: str) -> int | None:
    """How many sessions back the base of an `Nd` window is, or None."""
    match = DAYS.fullmatch(window)
    return int(match[1]) if match else None


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
        direction = read.choice("direction", ("up", "down", "either"), default="either")
        if direction == "down" and change is not None and Decimal(change) >= 100:
            read.errors["change"] = f"'{change}' is too large: a price cannot fall by 100 percent or more"
        window = read.text("window", required_hint=_HINT, default="1d") or "1d"
        minutes, days = rolling_minutes(window), days_back(window)
        usable = (
            window in ("session", "since_armed") or (minutes and 15 <= minutes <= 240) or (days and 1 <= days <= 250)
        )
        if not usable:
            read.errors["window"] = f"{shown(window)} is not a window: {_HINT}"
        read.done()
        if minutes:  # one spelling per window, so that rules share a series: 060m is 1h, 05d is 5d
            window = f"{minutes}m" if minutes % 60 else f"{minutes // 60}h"
        elif days:
            window = f"{days}d"
        return {"change": change, "direction": direction, "window": window}

    def plan(self, params: Params, symbol: str) -> WatchPlan:
        window, either = params["window"], params["direction"] == "either"
        level = Decimal(params["change"])
        direction = -1 if params["direction"] == "down" else 1
        follow = Follow(kind="since", absolute=either) if window == "since_armed" else None
        base = {"1d": Base.PREV_CLOSE, "session": Base.SESSION_OPEN}.get(window, Base.STORED)
        series = SeriesSpec(
            subject=symbol,
            observable="price" if follow else f"{'abs_' if either else ''}change_pct:{window}",
            kind=SeriesKind.ABSOLUTE if either and not follow else SeriesKind.DERIVED,
            base=base,
            shift=Decimal(0) if follow else -HUNDRED,
            numerator=Decimal(1) if follow else HUNDRED,
            # A stored reference (N days, rolling windows) is unknown until automation.observing computes it.
            reference=Decimal(1) if follow else None,
        )
        return WatchPlan(spec=WatchSpec(series=series, direction=direction, level=level * direction, follow=follow))

    def sentence(self, params: Params, symbol: str) -> str:
        verb = {"up": "rises", "down": "falls", "either": "moves"}[params["direction"]]
        window = params["window"]
        base = {
            "1d": "from the previous close",
            "session": "from today's open",
            "since_armed": "from the price when the rule was armed",
        }.get(window)
        if base is None:
            minutes = rolling_minutes(window)
            base = f"within {window}" if minutes else f"within {window[:-1]} sessions"
        return f"{symbol} {verb} {params['change']} % {base}"

    @property
    def example(self) -> dict[str, Any]:
        return {"change": "3", "direction": "up", "window": "1d"}


CHANGE = ChangeTrigger()
