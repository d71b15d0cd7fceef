"""`dca_weekly`: buy for the same amount every week, whatever the price (dollar-cost averaging)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.blueprints.base import SYMBOL, Draft, Facts, Field, Params, stock_of, symbol_in
from automation.triggers.reading import DAYS, Reader, clock_time, shown
from common.money import dollars

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def weekly(day: str, time: str) -> Draft:
    """The trigger: every week on `day` at `time`, New York. The one place to change when it becomes a cron."""
    return {"trigger_type": "time_of_day", "trigger_params": {"time": time, "days": [day]}}


class DcaWeekly:
    """One BUY rule at a time of the week, without end. A day without trading is left out."""

    name = "dca_weekly"
    title = "Weekly buy (DCA)"
    about = "Buy for the same amount every week, whatever the price. A week whose day is a holiday is left out."
    fields = (
        SYMBOL,
        Field(name="amount_usd", label="Dollars each week", kind="dollars", required=True, help="such as 100"),
        Field(name="day", label="Day", kind="choice", default="mon", choices=tuple(zip(DAYS, DAY_NAMES, strict=True))),
        Field(name="time", label="Time, New York", kind="time", default="10:00", help="HH:MM"),
    )

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, "a parameter of this template")
        params = {
            "symbol": symbol_in(read.text("symbol", required_hint="give a symbol such as AAPL")),
            "amount_usd": read.decimal("amount_usd", required=True, places=2),
            "day": read.choice("day", DAYS, default="mon"),
        }
        text = read.text("time", required_hint="give HH:MM such as 10:00", default="10:00") or "10:00"
        moment = clock_time(text)
        if moment is None:
            read.errors.setdefault("time", f"{shown(text)} is not a time: give HH:MM such as 10:00")
        read.done()
        return {**params, "time": f"{moment:%H:%M}"}

    def symbols(self, params: Params) -> set[str]:
        return {params["symbol"]}

    def sentence(self, params: Params) -> str:
        day = DAY_NAMES[DAYS.index(params["day"])]
        return f"Buy {dollars(params['amount_usd'])} of {params['symbol']} every {day} at {params['time']} in New York."

    def drafts(self, params: Params, facts: Facts) -> list[Draft]:
        stock = stock_of(facts, params)
        return [
            {
                "name": f"Weekly {stock.symbol}",
                "action_type": "BUY",
                "symbol": stock.symbol,
                "amount_usd": params["amount_usd"],
                **weekly(params["day"], params["time"]),
                "max_executions": None,
            }
        ]


DCA_WEEKLY = DcaWeekly()
