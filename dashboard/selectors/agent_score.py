"""The scorecard: figures by horizon, the calibration chart, what each suggestion came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator

from accounts.models import User
from agent.models import Suggestion
from agent.scorecard import ENOUGH, JUDGED, by_model, scorecard
from agent.scoring import HORIZONS

PAGE = 25
LEFT, TOP, WIDTH, HEIGHT = 44, 14, 460, 190  # of the plot, in the units of its viewBox


@dataclass(frozen=True, kw_only=True)
class Point:
    """One group of confidences in the chart. `expected`: the middle of the group, in percent."""

    label: str
    count: int
    hit_rate: Decimal | None
    excess: Decimal | None
    x: float
    y: float
    height: float
    expected_y: float
    middle: float


def score_of(user: User) -> dict[str, Any]:
    """The whole page but the list."""
    card = scorecard(user)
    horizons = [_decimals(one) for one in card["horizons"]]
    judged = next(one for one in card["horizons"] if one["sessions"] == JUDGED)
    return {
        "horizons": horizons,
        "enough": card["enough"],
        "lacks": card["lacks"],
        "judged": JUDGED,
        "needed": ENOUGH,
        "points": _points(judged["by_confidence"]),
        "any_scored": any(one["count"] for one in horizons),
        "models": by_model(user),
    }


def _decimals(one: Mapping[str, Any]) -> dict[str, Any]:
    names = ("hit_rate", "mean_return", "mean_benchmark", "excess")
    numbers = {name: None if one[name] is None else Decimal(one[name]) for name in names}
    return {"sessions": one["sessions"], "count": one["count"], **numbers}


def _points(buckets: list[Mapping[str, Any]]) -> list[Point]:
    """Bars of the hit rate, one for each group of confidences, from 0 to 100 percent."""
    slot = WIDTH / len(buckets)
    points = []
    for number, bucket in enumerate(buckets):
        low, high = Decimal(bucket["from"]), Decimal(bucket["to"])
        rate = None if bucket["hit_rate"] is None else Decimal(bucket["hit_rate"])
        height = 0.0 if rate is None else float(rate) / 100 * HEIGHT
        expected = float(low + high) / 2
        x = LEFT + number * slot + slot * 0.2
        points.append(
            Point(
                label=f"{low * 100:.0f}–{high * 100:.0f}%",
                count=bucket["count"],
                hit_rate=rate,
                excess=None if bucket["excess"] is None else Decimal(bucket["excess"]),
                x=round(x, 1),
                y=round(TOP + HEIGHT - height, 1),
                height=round(height, 1),
                expected_y=round(TOP + HEIGHT * (1 - expected), 1),
                middle=round(x + slot * 0.3, 1),
            )
        )
    return points


def scored_page(user: User, number: str) -> Page[Any]:
    """The suggestions, newest first, each with its scores by horizon."""
    rows = Suggestion.objects.filter(user=user).order_by("-created_at", "-id").prefetch_related("scores")
    found: Page[Any] = Paginator(rows, PAGE).get_page(number)
    found.object_list = [(one, _by_horizon(one)) for one in found.object_list]
    return found


def _by_horizon(one: Suggestion) -> list[tuple[int, Decimal | None, Decimal | None]]:
    """(sessions, return, benchmark) for every horizon, None where it is not due."""
    known = {score.sessions: score for score in one.scores.all()}
    return [
        (horizon, score.return_percent, score.benchmark_percent)
        if (score := known.get(horizon))
        else (horizon, None, None)
        for horizon in HORIZONS
    ]
