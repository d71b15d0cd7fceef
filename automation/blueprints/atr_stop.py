"""`atr_stop`: sell when the price has fallen so many of its ordinary daily ranges."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any

from automation.atr import atr_at_close, bars_used
from automation.blueprints.base import FROM, SYMBOL, Draft, Facts, Field, Params, Stock, base_of, held_stock, symbol_in
from automation.blueprints.base import down_to_tick as down
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader
from common.money import CENT, plain

FIXED, CHANDELIER = "fixed", "chandelier"


class AtrStop:
    """One SELL rule `multiple` x ATR below: at a fixed level, or as a chandelier that hangs from the highest price.

    ATR is Wilder's over closed daily bars. A chandelier keeps the distance in dollars that is right today.
    """

    name = "atr_stop"
    title = "ATR stop"
    about = (
        "Give each share the room it needs: the stop is so many average daily ranges (ATR) away, wider for a share "
        "that swings. It stays at its level, or follows the highest price (chandelier)."
    )
    fields = (
        SYMBOL,
        Field(name="multiple", label="Distance, ATRs", kind="number", default="3", help="2 is near, 4 is far"),
        Field(name="period", label="ATR over days", kind="number", default="14", help="2 to 100"),
        Field(
            name="kind",
            label="Level",
            kind="choice",
            default=FIXED,
            choices=((FIXED, "stays where it is"), (CHANDELIER, "follows the highest price from now on")),
        ),
        FROM,
    )

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, "a parameter of this template")
        params = {
            "symbol": symbol_in(read.text("symbol", required_hint="give a symbol such as AAPL")),
            "multiple": read.decimal("multiple", default="3", at_most=50),
            "period": read.integer("period", default=14, at_least=2, at_most=100),
            "kind": read.choice("kind", (FIXED, CHANDELIER), default=FIXED),
            "from": read.choice("from", ("price", "cost"), default="price"),
        }
        if params["kind"] == CHANDELIER and params["from"] == "cost":
            read.errors["from"] = "'cost' does not go with a chandelier, which hangs from the highest price from now on"
        read.done()
        return params

    def symbols(self, params: Params) -> set[str]:
        return {params["symbol"]}

    def bars_needed(self, params: Params) -> int:
        return bars_used(params["period"])

    def sentence(self, params: Params) -> str:
        distance = f"{params['multiple']} x ATR({params['period']})"
        if params["kind"] == CHANDELIER:
            return f"Sell all {params['symbol']} when it falls {distance} from its high."
        base = "what its shares cost" if params["from"] == "cost" else "the price now"
        return f"Sell all {params['symbol']} when it is {distance} below {base}."

    def drafts(self, params: Params, facts: Facts) -> list[Draft]:
        stock = held_stock(facts, params)
        distance = _distance(stock, params)
        rule = {
            "name": f"{'Chandelier' if params['kind'] == CHANDELIER else 'ATR stop'} {stock.symbol}",
            "action_type": "SELL",
            "symbol": stock.symbol,
            "percent_of_position": "100",
        }
        base = base_of(stock, params)
        if distance >= base:
            raise BadParams({"multiple": f"'{params['multiple']}' is too far: {params['multiple']} x ATR is "
                                         f"${plain(round(distance, 2))} and the price ${plain(base)}"})  # fmt: skip
        if params["kind"] == CHANDELIER:
            trail = max(distance.quantize(CENT, ROUND_CEILING), CENT)
            return [{**rule, "trigger_type": "trailing_stop", "trigger_params": {"amount": plain(trail)}}]
        return [{**rule, "trigger_type": "price_below", "trigger_params": {"threshold": down(base - distance)}}]


def _distance(stock: Stock, params: Params) -> Decimal:
    """`multiple` x ATR, in dollars."""
    atr = atr_at_close(stock.daily, params["period"])
    if atr is None:
        needs = f"ATR({params['period']}) needs {params['period'] + 1} in which the price moved"
        raise BadParams({"symbol": f"'{stock.symbol}' has {len(stock.daily)} closed daily bars: {needs}"})
    return atr * Decimal(params["multiple"])


ATR_STOP = AtrStop()
