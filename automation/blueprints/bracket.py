"""`bracket`: a target above and a stop below; the one that executes first ends the other."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.blueprints.base import FROM, SYMBOL, Draft, Facts, Field, Params, base_of, held_stock, level, symbol_in
from automation.triggers.reading import Reader


class Bracket:
    """Two SELL rules in one group (one cancels other), of the whole position or of so many shares."""

    name = "bracket"
    title = "Bracket: target and stop"
    about = (
        "Decide both ends at once: sell at the target or at the stop, whichever comes first; the other is cancelled."
    )
    fields = (
        SYMBOL,
        Field(name="target_percent", label="Target above by, %", kind="percent", default="10"),
        Field(name="stop_percent", label="Stop below by, %", kind="percent", default="5"),
        Field(name="quantity", label="Shares", kind="number", help="empty: the whole position"),
        FROM,
    )

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, "a parameter of this template")
        params = {
            "symbol": symbol_in(read.text("symbol", required_hint="give a symbol such as AAPL")),
            "target_percent": read.decimal("target_percent", default="10", at_most=10_000),
            "stop_percent": read.decimal("stop_percent", default="5", below=100),
            "quantity": read.decimal("quantity"),
            "from": read.choice("from", ("price", "cost"), default="price"),
        }
        read.done()
        return params

    def symbols(self, params: Params) -> set[str]:
        return {params["symbol"]}

    def sentence(self, params: Params) -> str:
        size = f"{params['quantity']} " if params["quantity"] else "all "
        return (
            f"Sell {size}{params['symbol']} {params['target_percent']} % above or {params['stop_percent']} % below, "
            "whichever comes first."
        )

    def drafts(self, params: Params, facts: Facts) -> list[Draft]:
        stock = held_stock(facts, params)
        base = base_of(stock, params)
        size = {"quantity": params["quantity"]} if params["quantity"] else {"percent_of_position": "100"}
        common = {
            "action_type": "SELL",
            "symbol": stock.symbol,
            **size,
            "group": f"bracket {stock.symbol} {facts.now:%Y-%m-%d %H:%M:%S}",
        }
        return [
            {
                **common,
                "name": f"Target {stock.symbol}",
                "trigger_type": "price_above",
                "trigger_params": {"threshold": level(base, Decimal(params["target_percent"]))},
            },
            {
                **common,
                "name": f"Stop {stock.symbol}",
                "trigger_type": "price_below",
                "trigger_params": {"threshold": level(base, -Decimal(params["stop_percent"]))},
            },
        ]


BRACKET = Bracket()
