"""Backtests side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from automation.strategies.registry import STRATEGIES
from dashboard.selectors.figures import FIGURES, decimal


def shown_comparison(found: Mapping[str, Any]) -> dict[str, Any]:
    """Runs side by side."""
    runs = found["runs"]
    rows: list[dict[str, Any]] = [
        {"label": label, "means": means, "cells": [(kind, decimal(run["figures"].get(name))) for run in runs]}
        for name, label, kind, means in FIGURES
        if name in runs[0]["figures"]
    ]
    for row in rows:
        row["best"] = _best(row)
    lines = [
        [{"time": int(datetime.fromisoformat(p["at"]).timestamp()), "value": p["value"]} for p in run["curve"]]
        for run in runs
    ]
    return {
        "runs": [{"id": run["id"], "name": run["name"], "line": n} for n, run in enumerate(runs, start=1)],
        "figures": rows,
        "differences": [
            (_setting(name), [_text(value) for value in values])
            for name, values in found["differences"].items()
            if not name.endswith("version")
        ],
        "warnings": found["warnings"],
        "lines": {"points": lines[0], "lines": lines, "offset": 0},
    }


def _best(row: Mapping[str, Any]) -> int | None:
    """Which cell is the best, where more is better."""
    if row["label"] not in ("Result", "Return", "Return a year", "Sharpe", "Sortino"):
        return None
    known = [(value, n) for n, (_, value) in enumerate(row["cells"]) if value is not None]
    return max(known)[1] if len(known) > 1 and len({value for value, _ in known}) > 1 else None


def _setting(name: str) -> str:
    head, _, rest = name.partition(".")
    named = {"asked": "", "params": "", "sizing": "size "}.get(head, f"{head} ")
    return (f"{named}{rest}" if rest else head).replace("_", " ").replace(".", " ").capitalize()


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    text = STRATEGIES[value].title if value in STRATEGIES else str(value)
    return text[:10] if len(text) > 18 and text[4:5] == "-" and "T" in text else text
