"""`drift_above`: a goal is outside its bands."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from automation.triggers.base import Params, WatchPlan
from automation.triggers.reading import Reader, shown
from watches.specs import SeriesKind, SeriesSpec, WatchSpec

AT_THE_BAND = Decimal(100)  # percent of the band


class Drift:
    """Fires when a goal's drift goes beyond its band, judged once a minute; again only after it came back inside.

    The value is the drift in percent of the band it may have: 100 is the edge. What is outside by less than the goal's
    smallest trade counts as inside. A holding without a price makes it unknown. `label`, the goal's name when the rule
    was written, is only for the sentence.
    """

    type = "drift_above"
    needs_symbol = False
    of_portfolio = False

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw)
        hint = "give the id or the name of one of your goals"
        goal = read.text("goal", required_hint=hint)
        label = read.text("label", required_hint=hint, default="")
        if goal is not None and not _is_id(goal):
            read.errors["goal"] = f"{shown(goal)} is not one of your goals: see /api/portfolio/goals/"
        read.done()
        return {"goal": goal, "label": (label or "")[:80]}

    def plan(self, params: Params, subject: str) -> WatchPlan:
        series = SeriesSpec(subject=f"goal:{params['goal']}", observable="drift", kind=SeriesKind.PUSHED)
        return WatchPlan(spec=WatchSpec(series=series, direction=1, level=AT_THE_BAND, strict=True))

    def sentence(self, params: Params, symbol: str) -> str:
        return f"{params.get('label') or 'the goal'} has drifted out of its band"

    @property
    def example(self) -> dict[str, Any]:
        return {"goal": "00000000-0000-0000-0000-000000000000"}


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


DRIFT = Drift()
