"""`take_profit_ladder`: sell a position in equal parts, each at a higher price."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.blueprints.base import FROM, SYMBOL, Draft, Facts, Field, Params, base_of, held_stock, level, symbol_in
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader
from common.money import plain, shares

MOST_STEPS = 10


class TakeProfitLadder:
    """`steps` SELL rules: the first `first_percent` above, each next `step_percent` higher; the last sells the rest."""

    name = "take_profit_ladder"
    title = "Take-profit ladder"
    about = "Take gains in steps: equal parts of the position are sold, each at a higher price."
    fields = (
        SYMBOL,
        Field(name="steps", label="Steps", kind="number", default="3", help=f"2 to {MOST_STEPS}"),
        Field(name="first_percent", label="First at, % above", kind="percent", default="5"),
        Field(name="step_percent", label="Then every, %", kind="percent", default="5"),
        FROM,
    )

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, "a parameter of this template")
        params = {
            "symbol": symbol_in(read.text("symbol", required_hint="give a symbol such as AAPL")),
            "steps": read.integer("steps", default=3, at_least=2, at_most=MOST_STEPS),
            "first_percent": read.decimal("first_percent", default="5", at_most=10_000),
            "step_percent": read.decimal("step_percent", default="5", at_most=10_000),
            "from": read.choice("from", ("price", "cost"), default="price"),
        }
        read.done()
        return params

    def symbols(self, params: Params) -> set[str]:
        return {params["symbol"]}

    def sentence(self, params: Params) -> str:
        return (
            f"Sell {params['symbol']} in {params['steps']} equal parts, the first {params['first_percent']} % above, "
            f"then every {params['step_percent']} %."
        )

    def drafts(self, params: Params, facts: Facts) -> list[Draft]:
        stock = held_stock(facts, params)
        base, steps = base_of(stock, params), params["steps"]
        part = shares(stock.held / steps, fractional=stock.fractionable)
        if not part:
            raise BadParams(
                {"steps": f"'{steps}' parts of {plain(stock.held)} {stock.symbol} are less than a share: use fewer"}
            )
        rungs = []
        for step in range(steps):
            percent = Decimal(params["first_percent"]) + step * Decimal(params["step_percent"])
            quantity = part if step < steps - 1 else stock.held - part * (steps - 1)
            rungs.append(
                {
                    "name": f"Ladder {stock.symbol} {step + 1} of {steps}",
                    "action_type": "SELL",
                    "symbol": stock.symbol,
                    "quantity": plain(quantity),
                    "trigger_type": "price_above",
                    "trigger_params": {"threshold": level(base, percent)},
                }
            )
        return rungs


TAKE_PROFIT_LADDER = TakeProfitLadder()
