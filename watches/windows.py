"""Change over a window: which series that is, and what a watch on it looks like. Plain Python.

Rules and alerts about the same change share one series; `automation.observing` keeps its reference up to date.
"""

from __future__ import annotations

import re
from decimal import Decimal

from common.money import HUNDRED
from watches.specs import Base, Follow, SeriesKind, SeriesSpec, WatchSpec

ROLLING = re.compile(r"(\d{1,3})(m|h)", re.ASCII)
DAYS = re.compile(r"(\d{1,3})d", re.ASCII)
HINT = "use 1d (from the previous close), 5d, 15m to 4h, session (from today's open) or since_armed"
UP, DOWN, EITHER = "up", "down", "either"
DIRECTIONS = (UP, DOWN, EITHER)


def rolling_minutes(window: str) -> int | None:
    """The length of a rolling window in minutes, or None if the window is of another kind."""
    match = ROLLING.fullmatch(window)
    return int(match[1]) * (60 if match[2] == "h" else 1) if match else None


def days_back(window: str) -> int | None:
    """How many sessions back the base of an `Nd` window is, or None."""
    match = DAYS.fullmatch(window)
    return int(match[1]) if match else None


def usable(window: str) -> bool:
    """Whether it is a window: 1d to 250d, 15m to 4h, session, since_armed."""
    minutes, days = rolling_minutes(window), days_back(window)
    known = window in ("session", "since_armed")
    return known or bool(minutes and 15 <= minutes <= 240) or bool(days and 1 <= days <= 250)


def spelled(window: str) -> str:
    """One spelling per window, so that its watches share a series: 060m is 1h, 05d is 5d."""
    minutes, days = rolling_minutes(window), days_back(window)
    if minutes:
        return f"{minutes}m" if minutes % 60 else f"{minutes // 60}h"
    return f"{days}d" if days else window


def change_watch(symbol: str, change: Decimal, direction: str, window: str) -> WatchSpec:
    """Reached when `symbol` moved by `change` percent (above 0) from the window's base: up, down, or either way."""
    either = direction == EITHER
    sign = -1 if direction == DOWN else 1
    follow = Follow(kind="since", absolute=either) if window == "since_armed" else None
    series = SeriesSpec(
        subject=symbol,
        observable="price" if follow else f"{'abs_' if either else ''}change_pct:{window}",
        kind=SeriesKind.ABSOLUTE if either and not follow else SeriesKind.DERIVED,
        base={"1d": Base.PREV_CLOSE, "session": Base.SESSION_OPEN}.get(window, Base.STORED),
        shift=Decimal(0) if follow else -HUNDRED,
        numerator=Decimal(1) if follow else HUNDRED,
        # A stored reference (N days, rolling windows) is unknown until automation.observing computes it.
        reference=Decimal(1) if follow else None,
    )
    return WatchSpec(series=series, direction=sign, level=change * sign, follow=follow)


def change_words(direction: str, change: str, window: str) -> str:
    """'rises 3 % from the previous close', as it continues a symbol."""
    verb = {UP: "rises", DOWN: "falls", EITHER: "moves"}[direction]
    base = {
        "1d": "from the previous close",
        "session": "from today's open",
        "since_armed": "from the price when the rule was armed",
    }.get(window)
    if base is None:
        base = f"within {window}" if rolling_minutes(window) else f"within {window[:-1]} sessions"
    return f"{verb} {change} % {base}"
