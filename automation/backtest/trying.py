"""Try values of one or two parameters, and say how far the best of them can be believed.

Every combination runs once over the whole period, so each has an in-sample part (the first `split` percent of the
sessions) and an out-of-sample part. The best is chosen by its in-sample return alone; what it then did is beside it.
Walk-forward (Pardo 1992): the period in equal parts, and in each part after the first the values that were best in all
parts before it. Chosen values and accounts are those of the runs, as if they had run side by side from the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from automation.backtest.answering import Case, run
from automation.backtest.figures import Daily, daily_of, in_parts, measures, pick, rounded, traded
from automation.backtest.results import YEAR
from automation.backtest.subjects import with_values

PARTS = 5
FEWEST_SESSIONS = 40  # below, the parts are too short to say anything
CAUTION = (
    "The best values were chosen after seeing the in-sample part: only what they did out of sample, and walking"
    " forward, says something about values chosen beforehand. The more combinations were tried, the more luck is in"
    " the best."
)


def try_values(case: Case, *, done: int = 0) -> Iterator[dict[str, Any]]:
    """One row per combination: its values and figures in short. The first `done` are left out."""
    for values in case.question.combinations[done:]:
        course, _ = run(case, with_values(case.kind, case.spec, values))
        daily = daily_of(case.market, course.equity, float(course.start))
        figures = {
            **measures(daily),
            **traded(course.account.trades, invested=course.invested, equity=course.equity, years=daily.days / YEAR),
            "denied": sum(course.gate.codes.values()),
        }
        before, after = _split(daily, case.question.split)
        yield {
            "values": values,
            **pick(figures),
            "in_sample_percent": rounded(100 * before),
            "out_of_sample_percent": rounded(100 * after),
            "parts": [round(part, 8) for part in in_parts(daily, PARTS)],
        }


def grid_result(case: Case, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The table with the best, what it did afterwards, and the caution that belongs to it."""
    question, sessions = (
        case.question,
        len(daily_of(case.market, np.zeros(len(case.market) - case.market.first), 1.0).dates),
    )
    best = max(rows, key=lambda row: float(row["in_sample_percent"]), default=None)
    return {
        "grid": {
            "parameters": [one.parameter for one in question.grid],
            "rows": list(rows),
            "split_percent": question.split,
            "best": None if best is None else {
                "values": best["values"],
                "in_sample_percent": best["in_sample_percent"],
                "out_of_sample_percent": best["out_of_sample_percent"],
                "rank_out_of_sample": _rank(best, rows),
            },
            "rank_correlation": _agreement(rows),
            "walk_forward": _walk_forward(rows) if sessions >= FEWEST_SESSIONS else None,
            "caution": CAUTION,
            "warnings": list(_warnings(rows, best, sessions)),
        }
    }  # fmt: skip


def _split(daily: Daily, percent: int) -> tuple[float, float]:
    """The return of the first `percent` of the sessions, and of the rest."""
    levels = np.concatenate([[daily.start], daily.equity])
    at = round(len(daily.equity) * percent / 100)
    first = float(levels[at] / levels[0] - 1) if levels[0] > 0 else 0.0
    rest = float(levels[-1] / levels[at] - 1) if levels[at] > 0 else 0.0
    return first, rest


def _rank(best: dict[str, Any], rows: Sequence[dict[str, Any]]) -> int:
    """The place of the in-sample best among all, out of sample: 1 is the best again."""
    own = float(best["out_of_sample_percent"])
    return 1 + sum(float(row["out_of_sample_percent"]) > own for row in rows)


def _agreement(rows: Sequence[dict[str, Any]]) -> str | None:
    """Spearman's rank correlation of in-sample and out-of-sample returns: 1 the past tells, 0 it does not."""
    if len(rows) < 3:
        return None
    ranks = [_ranks([float(row[name]) for row in rows]) for name in ("in_sample_percent", "out_of_sample_percent")]
    if any(np.ptp(rank) == 0 for rank in ranks):
        return None
    return rounded(float(np.corrcoef(ranks[0], ranks[1])[0, 1]))


def _ranks(values: Sequence[float]) -> np.ndarray:
    """Ranks, ties sharing their mean."""
    array = np.asarray(values)
    below = (array[:, None] > array[None, :]).sum(axis=1)
    same = (array[:, None] == array[None, :]).sum(axis=1)
    return np.asarray(below + (same + 1) / 2, dtype=np.float64)


def _walk_forward(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """What choosing anew before each part would have returned, beside the best of each part in hindsight."""
    if not rows:
        return None
    parts = np.array([row["parts"] for row in rows])
    steps, chained, hindsight = [], 1.0, 1.0
    for part in range(1, PARTS):
        so_far = np.prod(1 + parts[:, :part], axis=1)
        chosen = int(so_far.argmax())
        chained *= 1 + parts[chosen, part]
        hindsight *= 1 + float(parts[:, part].max())
        steps.append(
            {
                "part": part + 1,
                "values": rows[chosen]["values"],
                "return_percent": rounded(100 * float(parts[chosen, part])),
            }
        )
    return {
        "parts": PARTS,
        "steps": steps,
        "return_percent": rounded(100 * (chained - 1)),
        "best_in_hindsight_percent": rounded(100 * (hindsight - 1)),
    }


def _warnings(rows: Sequence[dict[str, Any]], best: dict[str, Any] | None, sessions: int) -> Iterator[str]:
    if best is None:
        return
    inside, outside = float(best["in_sample_percent"]), float(best["out_of_sample_percent"])
    if inside > 0 >= outside:
        yield "The best in sample lost out of sample: a sign of overfitting."
    place = _rank(best, rows)
    if len(rows) >= 4 and place > len(rows) / 2:
        yield f"The best in sample came {place}th of {len(rows)} out of sample: its lead was luck."
    if len(rows) > 20:
        yield f"{len(rows)} combinations were tried: some look good by chance alone."
    if sessions < FEWEST_SESSIONS:
        yield f"{sessions} sessions are too few to divide: choose a longer period."
