"""`time_stop`: sell a position that is still held after so many trading days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.blueprints.base import SYMBOL, Draft, Facts, Field, Params, held_stock, symbol_in
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader

MOST_DAYS = 60
BEFORE_CLOSE = "close-10m"


class TimeStop:
    """One SELL rule ten minutes before the close of the N-th trading day from now; today's session is not counted."""

    name = "time_stop"
    title = "Time stop"
    about = "Give an idea so many trading days: if the position is still held then, it is sold before that day's close."
    fields = (
        SYMBOL,
        Field(name="days", label="After trading days", kind="number", default="10", help=f"1 to {MOST_DAYS}"),
    )

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, "a parameter of this template")
        params = {
            "symbol": symbol_in(read.text("symbol", required_hint="give a symbol such as AAPL")),
            "days": read.integer("days", default=10, at_most=MOST_DAYS),
        }
        read.done()
        return params

    def symbols(self, params: Params) -> set[str]:
        return {params["symbol"]}

    def sentence(self, params: Params) -> str:
        count = "1 trading day" if params["days"] == 1 else f"{params['days']} trading days"
        return f"Sell all {params['symbol']} after {count}, ten minutes before the close."

    def drafts(self, params: Params, facts: Facts) -> list[Draft]:
        stock = held_stock(facts, params)
        coming = [session for session in stock.sessions if session.opens_at > facts.now]
        if len(coming) < params["days"]:
            raise BadParams({"days": f"'{params['days']}': the calendar does not reach that far: run fill_calendar"})
        session = coming[params["days"] - 1]
        return [
            {
                "name": f"Time stop {stock.symbol}",
                "action_type": "SELL",
                "symbol": stock.symbol,
                "percent_of_position": "100",
                "trigger_type": "time_of_day",
                "trigger_params": {"time": BEFORE_CLOSE},
                "valid_from": session.opens_at.isoformat(),
            }
        ]


TIME_STOP = TimeStop()
