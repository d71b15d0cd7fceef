"""`rebalance`: a goal's portfolio has drifted out of its band."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from alerts.conditions.base import WHAT, Condition, read_id
from common.reading import Reader
from watches.specs import SeriesKind, SeriesSpec, WatchSpec


class RebalanceCondition:
    """Reached when the goal's drift exceeds its band, as for the trigger `drift_above`."""

    type = "rebalance"
    title = "Goal out of its band"
    subject_kind = "goal"

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, WHAT)
        parsed = {"goal": read_id(read, "goal", "goals")}
        read.done()
        return parsed

    def plan(self, condition: Condition, subject: UUID | None) -> WatchSpec:
        series = SeriesSpec(subject=f"goal:{subject}", observable="drift", kind=SeriesKind.PUSHED)
        return WatchSpec(series=series, direction=1, level=Decimal(0), strict=True)

    def sentence(self, condition: Condition) -> str:
        return "the goal's drift exceeds its band"

    def unit(self, condition: Condition) -> str:
        return ""

    @property
    def examples(self) -> tuple[dict[str, Any], ...]:
        return ({"goal": "0199a1b2-0000-7000-8000-000000000002"},)


REBALANCE = RebalanceCondition()
