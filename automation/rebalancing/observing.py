"""The drift of goals as watched series: percent of the band, once a minute, in a few queries for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from automation.evaluating import evaluate_values
from common.money import HUNDRED, nano
from portfolios.goals.reading import drifts
from watches.models import Series


def drifted(series: Iterable[Series], now: datetime) -> int:
    """Bring the series of goals up to date; returns how many rules fired. What cannot be told gets no value."""
    minute = now.replace(second=0, microsecond=0)
    due = {
        UUID(row.subject.partition(":")[2]): row.id for row in series if row.value_at is None or row.value_at < minute
    }
    if not due:
        return 0
    values: dict[int, Decimal] = {
        due[goal_id]: nano(drift.band_use * HUNDRED)
        for goal_id, drift in drifts(list(due), now).items()
        if not drift.problem
    }
    return evaluate_values(values, at=minute, now=now).fired
