"""`buy_the_dip`: buy for a fixed amount when the price has fallen a lot within a window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.blueprints.base import SYMBOL, Draft, Facts, Field, Params, stock_of, symbol_in
from automation.triggers.reading import Reader
from common.money import dollars

WINDOWS = (
    ("1d", "the last close"),
    ("session", "today's open"),
    ("5d", "the close 5 days ago"),
    ("20d", "the close 20 days ago"),
)
DAY = 86_400


class BuyTheDip:
    """One BUY rule on the change from a base, at most once a day, so many times in all."""

    name = "buy_the_dip"
    title = "Buy the dip"
    about = "Buy for a fixed amount when the price has fallen so many percent; at most once a day."
    fields = (
        SYMBOL,
        Field(name="percent", label="Fall, %", kind="percent", default="5"),
        Field(name="window", label="Compared with", kind="choice", default="1d", choices=WINDOWS),
        Field(name="amount_usd", label="Dollars each time", kind="dollars", required=True, help="such as 500"),
        Field(name="times", label="How often at most", kind="number", default="3"),
    )

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, "a parameter of this template")
        params = {
            "symbol": symbol_in(read.text("symbol", required_hint="give a symbol such as AAPL")),
            "percent": read.decimal("percent", default="5", below=100),
            "window": read.choice("window", [window for window, _ in WINDOWS], default="1d"),
            "amount_usd": read.decimal("amount_usd", required=True, places=2),
            "times": read.integer("times", default=3, at_most=1_000),
        }
        read.done()
        return params

    def symbols(self, params: Params) -> set[str]:
        return {params["symbol"]}

    def sentence(self, params: Params) -> str:
        base = dict(WINDOWS)[params["window"]]
        return (
            f"Buy {dollars(params['amount_usd'])} of {params['symbol']} when it is {params['percent']} % below {base}, "
            f"at most once a day and {params['times']} times in all."
        )

    def drafts(self, params: Params, facts: Facts) -> list[Draft]:
        stock = stock_of(facts, params)
        return [
            {
                "name": f"Buy the dip {stock.symbol}",
                "action_type": "BUY",
                "symbol": stock.symbol,
                "amount_usd": params["amount_usd"],
                "trigger_type": "change_pct",
                "trigger_params": {"change": params["percent"], "direction": "down", "window": params["window"]},
                "max_executions": params["times"],
                "cooldown_seconds": DAY,
            }
        ]


BUY_THE_DIP = BuyTheDip()
