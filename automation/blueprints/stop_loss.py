"""`stop_loss`: sell when the price has fallen a fixed percentage."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.blueprints.base import FROM, SYMBOL, Draft, Facts, Field, Params, base_of, held_stock, level, symbol_in
from automation.triggers.reading import Reader


class StopLoss:
    """One SELL rule at a fixed level, so many percent below the last price or below what the shares cost."""

    name = "stop_loss"
    title = "Stop-loss"
    about = "Limit a loss: the position is sold when its price has fallen so many percent. The level does not move."
    fields = (SYMBOL, Field(name="percent", label="Below by, %", kind="percent", default="10"), FROM)

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, "a parameter of this template")
        params = {
            "symbol": symbol_in(read.text("symbol", required_hint="give a symbol such as AAPL")),
            "percent": read.decimal("percent", default="10", below=100),
            "from": read.choice("from", ("price", "cost"), default="price"),
        }
        read.done()
        return params

    def symbols(self, params: Params) -> set[str]:
        return {params["symbol"]}

    def sentence(self, params: Params) -> str:
        base = "what its shares cost" if params["from"] == "cost" else "the price now"
        return f"Sell all {params['symbol']} when it is {params['percent']} % below {base}."

    def drafts(self, params: Params, facts: Facts) -> list[Draft]:
        stock = held_stock(facts, params)
        return [
            {
                "name": f"Stop-loss {stock.symbol}",
                "action_type": "SELL",
                "symbol": stock.symbol,
                "percent_of_position": "100",
                "trigger_type": "price_below",
                "trigger_params": {"threshold": level(base_of(stock, params), -Decimal(params["percent"]))},
            }
        ]


STOP_LOSS = StopLoss()
