"""`price`: a symbol's price is above or below a level, crosses one, or has moved so many percent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from alerts.conditions.base import WHAT, Condition, one_of
from common.reading import Reader, shown
from watches.specs import Follow, SeriesSpec, WatchSpec
from watches.windows import DIRECTIONS, EITHER, HINT, change_watch, change_words, spelled, usable

LEVELS = ("above", "below", "crosses")


class PriceCondition:
    """`above`, `below`: the last trade is at or beyond so many dollars, even if it already is when armed; it must come
    back by `hysteresis` dollars before it can be told again. `crosses`: it passes the level, whichever way.
    `change_pct`: it moved by so many percent, `direction` up, down or either, within `window`.
    """

    type = "price"
    title = "Price"
    subject_kind = ""

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, WHAT)
        symbol = (read.text("symbol", required_hint="give one such as AAPL") or "").upper()
        values = {key: read.decimal(key) for key in LEVELS}
        values["change_pct"] = read.decimal("change_pct", at_most=10_000)
        key, value = one_of(read, values, '"above": "200"')
        parsed = {"symbol": symbol, key: value}
        if key == "change_pct":
            parsed |= _change(read, value)
        elif key in ("above", "below"):
            parsed["hysteresis"] = read.decimal("hysteresis", default="0", at_least=0) or "0"
        read.done()
        return parsed

    def plan(self, condition: Condition, subject: UUID | None) -> WatchSpec:
        symbol = condition["symbol"]
        price = SeriesSpec(subject=symbol, observable="price")
        if "change_pct" in condition:
            change = Decimal(condition["change_pct"])
            return change_watch(symbol, change, condition["direction"], condition["window"])
        if "crosses" in condition:
            # Strictly beyond: a price that rests on the level crosses it once, not again and again.
            follow = Follow(kind="either_way")
            return WatchSpec(series=price, direction=1, level=Decimal(condition["crosses"]), strict=True, follow=follow)
        key = "above" if "above" in condition else "below"
        return WatchSpec(
            series=price,
            direction=1 if key == "above" else -1,
            level=Decimal(condition[key]),
            hysteresis=Decimal(condition["hysteresis"]),
        )

    def sentence(self, condition: Condition) -> str:
        symbol = condition["symbol"]
        if "change_pct" in condition:
            words = change_words(condition["direction"], condition["change_pct"], condition["window"])
            return f"{symbol} {words}".replace("the rule was", "the alert was")
        if "crosses" in condition:
            return f"{symbol} crosses ${condition['crosses']}"
        key = "above" if "above" in condition else "below"
        return f"{symbol} is at or {key} ${condition[key]}"

    def unit(self, condition: Condition) -> str:
        return "%" if "change_pct" in condition else "$"

    @property
    def examples(self) -> tuple[dict[str, Any], ...]:
        return (
            {"symbol": "AAPL", "above": "200"},
            {"symbol": "AAPL", "crosses": "180"},
            {"symbol": "AAPL", "change_pct": "5", "direction": "down", "window": "1d"},
        )


def _change(read: Reader, change: str) -> dict[str, str]:
    direction = read.choice("direction", DIRECTIONS, default=EITHER)
    if direction == "down" and Decimal(change) >= 100:
        read.errors["change_pct"] = f"'{change}' is too large: a price cannot fall by 100 percent or more"
    window = read.text("window", required_hint=HINT, default="1d") or "1d"
    if not usable(window):
        read.errors["window"] = f"{shown(window)} is not a window: {HINT}"
    return {"direction": direction, "window": spelled(window)}


PRICE = PriceCondition()
