"""`signal`: a strategy changes what it wants to hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from alerts.conditions.base import WHAT, Condition, read_id
from common.reading import Reader
from watches.specs import WatchSpec

BUY, SELL, ANY = "buy", "sell", "any"
SIDES = (BUY, SELL, ANY)


class SignalCondition:
    """Told by `alerts.signals`: `buy` means the strategy wants more of a symbol than before, `sell` less.

    `symbol` narrows it to one of the strategy's symbols.
    """

    type = "signal"
    title = "Strategy signal"
    subject_kind = "strategy"

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, WHAT)
        parsed = {
            "strategy": read_id(read, "strategy", "strategies"),
            "side": read.choice("side", SIDES, default=ANY),
        }
        symbol = (read.text("symbol", required_hint="", default="") or "").upper()
        read.done()
        return {**parsed, "symbol": symbol} if symbol else parsed

    def plan(self, condition: Condition, subject: UUID | None) -> WatchSpec | None:
        return None

    def sentence(self, condition: Condition) -> str:
        what = "signals" if condition["side"] == ANY else f"signals {condition['side']}"
        return f"the strategy {what}{' for ' + condition['symbol'] if 'symbol' in condition else ''}"

    def unit(self, condition: Condition) -> str:
        return ""

    @property
    def examples(self) -> tuple[dict[str, Any], ...]:
        return ({"strategy": "0199a1b2-0000-7000-8000-000000000001", "side": "buy"},)


SIGNAL = SignalCondition()
