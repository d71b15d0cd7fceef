"""`trailing_stops`: a trailing stop on every holding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.blueprints.base import Draft, Facts, Field, Params, symbol_in
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader, shown


class TrailingStops:
    """One SELL rule per holding: the whole position, when the price has come back so far from its high."""

    name = "trailing_stops"
    title = "Trailing stop on every holding"
    about = "Let gains run: each position is sold when its price has fallen so many percent from its best."
    fields = (
        Field(name="percent", label="Trail, %", kind="percent", default="8", help="how far from the best price"),
        Field(name="symbols", label="Only these", kind="symbols", help="separated by commas; empty: every holding"),
    )

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, "a parameter of this template")
        percent = read.decimal("percent", default="8", below=100)
        given = read.take("symbols")
        words = given.split(",") if isinstance(given, str) else given if given is not None else []
        if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
            read.errors["symbols"] = f"{shown(given)} is not a list of symbols such as AAPL, MSFT"
            words = []
        read.done()
        return {"percent": percent, "symbols": sorted({symbol_in(word) for word in words} - {""})}

    def symbols(self, params: Params) -> set[str]:
        return set()

    def sentence(self, params: Params) -> str:
        whose = ", ".join(params["symbols"]) or "every holding"
        return f"Sell the whole position of {whose} when it falls {params['percent']} % from its high."

    def drafts(self, params: Params, facts: Facts) -> list[Draft]:
        held = [stock.symbol for stock in facts.holdings]
        missing = [symbol for symbol in params["symbols"] if symbol not in held]
        if missing:
            raise BadParams({"symbols": f"'{', '.join(missing)}' is not held in {facts.portfolio}: it holds "
                                        f"{', '.join(held) or 'nothing'}"})  # fmt: skip
        if not held:
            raise BadParams({"symbols": f"{facts.portfolio} holds nothing: there is nothing to protect"})
        return [
            {
                "name": f"Trailing stop {symbol}",
                "action_type": "SELL",
                "symbol": symbol,
                "percent_of_position": "100",
                "trigger_type": "trailing_stop",
                "trigger_params": {"percent": params["percent"]},
            }
            for symbol in params["symbols"] or held
        ]


TRAILING_STOPS = TrailingStops()
