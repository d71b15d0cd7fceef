"""A grid of values tried, as its table."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dashboard.selectors.figures import decimal
from dashboard.selectors.heat import heat_of, heat_table

SHOWN = ("in_sample_percent", "out_of_sample_percent", "return_percent", "max_drawdown_percent", "trades")


def shown_grid(grid: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """The table of values tried, its best, and how far that can be believed."""
    rows = []
    for row in grid["rows"]:
        shown: dict[str, Any] = {name: decimal(row[name]) for name in SHOWN}
        shown["values"] = [row["values"][name] for name in grid["parameters"]]
        shown["best"] = bool(grid["best"] and row["values"] == grid["best"]["values"])
        rows.append(shown)
    most = max((abs(row[name] or Decimal(0)) for row in rows for name in SHOWN[:2]), default=Decimal(1))
    for row in rows:
        row["heat_in"] = heat_of(row["in_sample_percent"], most)
        row["heat_out"] = heat_of(row["out_of_sample_percent"], most)
    names = [_short(name, labels) for name in grid["parameters"]]
    best, walk = grid["best"], grid["walk_forward"]
    return {
        "names": names,
        "rows": rows,
        "split": grid["split_percent"],
        "rest": 100 - int(grid["split_percent"]),
        "best": best
        and {
            **best,
            "words": _values(best["values"], labels),
            "inside": decimal(best["in_sample_percent"]),
            "outside": decimal(best["out_of_sample_percent"]),
        },
        "agreement": ("ratio", decimal(grid["rank_correlation"])),
        "walk": walk and _walk(walk, labels),
        "caution": grid["caution"],
        "warnings": grid["warnings"],
        "matrix": heat_table(rows, names) if len(names) == 2 else None,
    }


def _walk(walk: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    steps = [
        {"part": step["part"], "words": _values(step["values"], labels), "return": decimal(step["return_percent"])}
        for step in walk["steps"]
    ]
    return {
        "return": decimal(walk["return_percent"]),
        "hindsight": decimal(walk["best_in_hindsight_percent"]),
        "steps": steps,
    }


def _values(values: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """'Short average 10, long average 60', in the order of the form."""
    order = [name for name in labels if name in values] + [name for name in values if name not in labels]
    text = ", ".join(f"{_short(name, labels).lower()} {values[name]}" for name in order)
    return f"{text[:1].upper()}{text[1:]}"


def _short(name: str, labels: Mapping[str, str]) -> str:
    """A parameter without its unit: 'Short average, bars' -> 'Short average'."""
    return labels.get(name, name.replace("_", " ").replace(".", ": ")).partition(",")[0]
