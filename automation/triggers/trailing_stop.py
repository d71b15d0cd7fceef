"""`trailing_stop`: the price falls so far from its best since arming."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from automation.triggers.base import Params, WatchPlan
from automation.triggers.reading import Reader
from common.money import dollars
from watches.specs import Follow, SeriesSpec, WatchSpec


class TrailingStop:
    """Long: the drawdown from the high-water mark reaches `percent` or `amount` dollars. Short: the rise from the low.

    The mark starts at the first usable price after arming, or at `activation_price` once that is reached.
    Definition as in Alpaca's trailing-stop orders: stop = hwm x (1 - percent / 100), or hwm - amount.
    """

    type = "trailing_stop"
    needs_symbol = True
    of_portfolio = False

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        params = {
            "percent": read.decimal("percent", below=100),
            "amount": read.decimal("amount"),
            "activation_price": read.decimal("activation_price"),
            "side": read.choice("side", ("long", "short"), default="long"),
        }
        sizes = [key for key in ("percent", "amount") if params[key] is not None]
        if len(sizes) == 2:
            read.errors["amount"] = f"'{params['amount']}' is one size too many: give percent or amount, not both"
        elif not sizes and not read.errors.keys() & {"percent", "amount"}:
            read.errors["percent"] = "is required: give percent such as 5, or amount in dollars"
        read.done()
        return {key: value for key, value in params.items() if value is not None}

    def plan(self, params: Params, symbol: str) -> WatchPlan:
        activation = params.get("activation_price")
        return WatchPlan(
            spec=WatchSpec(
                series=SeriesSpec(subject=symbol, observable="price"),
                direction=1,
                level=Decimal(params.get("percent") or params["amount"]),
                follow=Follow(
                    kind="trail",
                    unit="pct" if params.get("percent") else "amt",
                    short=params["side"] == "short",
                    activation=None if activation is None else Decimal(activation),
                ),
            )
        )

    def sentence(self, params: Params, symbol: str) -> str:
        trail = f"{params['percent']} %" if params.get("percent") else dollars(params["amount"])
        move = (
            f"{symbol} rises {trail} from its low"
            if params["side"] == "short"
            else f"{symbol} falls {trail} from its high"
        )
        if "activation_price" in params:
            return f"{move} after reaching {dollars(params['activation_price'])}"
        return f"{move} since the rule was armed"

    @property
    def example(self) -> dict[str, Any]:
        return {"percent": "5", "side": "long"}


TRAILING_STOP = TrailingStop()
