"""`risk`: a portfolio's drawdown, loss of the day, value at risk or concentration is too large."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from alerts.conditions.base import WHAT, Condition, one_of
from common.reading import Reader
from watches.specs import SeriesKind, SeriesSpec, WatchSpec

CONFIDENCES = ("90", "95", "99")
# The measure, and the observable of the portfolio's series that `automation.portfolio_series` keeps up to date.
OBSERVABLES = {
    "drawdown_pct": "drawdown",
    "daily_loss_pct": "daily_loss",
    "largest_weight_pct": "largest_weight",
    "hhi": "hhi",
    "var_pct": "var",
}


class RiskCondition:
    """One of: `drawdown_pct` below the highest equity; `daily_loss_pct` below the equity when the exchange's date
    began; `largest_weight_pct` of the equity in one holding; `hhi`, the Herfindahl-Hirschman index of the holdings, 0
    to 1; `var_pct` of the equity that a day loses at worst with `confidence` percent (historical). Reached or beyond.
    """

    type = "risk"
    title = "Portfolio risk"
    subject_kind = "portfolio"

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, WHAT)
        values = {
            "drawdown_pct": read.decimal("drawdown_pct", below=100),
            "daily_loss_pct": read.decimal("daily_loss_pct", below=100),
            "largest_weight_pct": read.decimal("largest_weight_pct", at_most=100),
            "hhi": read.decimal("hhi", at_most=1),
            "var_pct": read.decimal("var_pct", below=100),
        }
        key, value = one_of(read, values, '"drawdown_pct": "10"')
        parsed = {key: value}
        if key == "var_pct":
            given = read.take("confidence")
            parsed["confidence"] = "95" if given is None else str(given)
            if parsed["confidence"] not in CONFIDENCES:
                read.errors["confidence"] = f"'{str(given)[:40]}' is not known: use {' or '.join(CONFIDENCES)}"
        read.done()
        return parsed

    def plan(self, condition: Condition, subject: UUID | None) -> WatchSpec:
        key = measure_of(condition)
        observable = OBSERVABLES[key] + (f":{condition['confidence']}" if key == "var_pct" else "")
        series = SeriesSpec(subject=f"portfolio:{subject}", observable=observable, kind=SeriesKind.PUSHED)
        return WatchSpec(series=series, direction=1, level=Decimal(condition[key]))

    def sentence(self, condition: Condition) -> str:
        key = measure_of(condition)
        level = condition[key]
        return {
            "drawdown_pct": f"the portfolio is {level} % or more below its peak",
            "daily_loss_pct": f"the portfolio has lost {level} % or more today",
            "largest_weight_pct": f"one holding is {level} % or more of the portfolio",
            "hhi": f"the portfolio's concentration (HHI) is {level} or more",
            "var_pct": f"the portfolio's one-day value at risk ({condition.get('confidence')} %) is {level} % or more",
        }[key]

    def unit(self, condition: Condition) -> str:
        return "" if "hhi" in condition else "%"

    @property
    def examples(self) -> tuple[dict[str, Any], ...]:
        return ({"drawdown_pct": "10"}, {"daily_loss_pct": "2"}, {"largest_weight_pct": "25"}, {"var_pct": "3"})


def measure_of(condition: Condition) -> str:
    """Which measure the condition is about."""
    return next(key for key in OBSERVABLES if key in condition)


RISK = RiskCondition()
