"""`rebalance_quarterly`: back to a goal's targets at the beginning of every quarter, drifted or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.blueprints.base import Draft, Facts, Field, Params
from automation.triggers.reading import DAYS, Reader, clock_time, shown

WORKDAYS = DAYS[:5]
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


class RebalanceQuarterly:
    """One REBALANCE rule in the second week of January, April, July and October: no holiday of the exchange falls on
    a Wednesday then, and the year's first days are over."""

    name = "rebalance_quarterly"
    title = "Quarterly rebalance"
    about = "Brings the portfolio back to a goal's targets four times a year, through the same gate as every order."
    fields = (
        Field(name="goal", label="Goal", kind="text", required=True, help="the name of one of the portfolio's goals"),
        Field(
            name="day", label="Day", kind="choice", default="wed", choices=tuple(zip(WORKDAYS, DAY_NAMES, strict=True))
        ),
        Field(name="time", label="Time, New York", kind="time", default="10:30", help="HH:MM"),
    )

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, "a parameter of this template")
        params = {
            "goal": read.text("goal", required_hint="give the name of one of the portfolio's goals"),
            "day": read.choice("day", WORKDAYS, default="wed"),
        }
        text = read.text("time", required_hint="give HH:MM such as 10:30", default="10:30") or "10:30"
        moment = clock_time(text)
        if moment is None:
            read.errors.setdefault("time", f"{shown(text)} is not a time: give HH:MM such as 10:30")
        read.done()
        return {**params, "time": f"{moment:%H:%M}"}

    def symbols(self, params: Params) -> set[str]:
        return set()

    def sentence(self, params: Params) -> str:
        day = DAY_NAMES[WORKDAYS.index(params["day"])]
        return (
            f"Rebalance to {params['goal']} every quarter, on the second {day} of January, April, July and October"
            f" at {params['time']} in New York."
        )

    def drafts(self, params: Params, facts: Facts) -> list[Draft]:
        hour, minute = params["time"].split(":")
        return [
            {
                "name": f"Quarterly {params['goal']}"[:120],
                "action_type": "REBALANCE",
                "goal": params["goal"],
                "trigger_type": "cron",
                "trigger_params": {
                    "expression": f"{int(minute)} {int(hour)} * 1,4,7,10 {params['day'].upper()}#2",
                    "timezone": "America/New_York",
                },
                "max_executions": None,
            }
        ]


REBALANCE_QUARTERLY = RebalanceQuarterly()
