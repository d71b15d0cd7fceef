"""A replay as its page shows it: figures, the two charts, the firings, and the table of values tried."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from automation.models import ReplayRun
from dashboard.selectors.actions import offset_minutes

OUTCOMES = {
    "filled": "Traded",
    "told": "Told",
    "denied": "Not traded",
    "expired": "Expired",
    "open": "Still open at the end",
    "no_price": "Market closed",
    "skipped": "Condition in the way",
}
TONES = {
    "filled": "good",
    "denied": "bad",
    "expired": "warn",
    "no_price": "warn",
    "skipped": "warn",
    "open": "info",
    "told": "info",
}
DECIMALS = ("price", "quantity", "fill_price", "fee", "gain")


def shown_result(result: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """A single replay's result, ready for the template."""
    offset = offset_minutes(now)
    points = [(_seconds(point["at"]), point) for point in result["curve"]]
    firings = [_firing(one) for one in result["firings"]]
    return {
        "summary": _summary(result["summary"]),
        "firings": firings,
        "left_out": result["firings_left_out"],
        "gaps": [
            {**gap, "from": datetime.fromisoformat(gap["from"]), "to": datetime.fromisoformat(gap["to"])}
            for gap in result["gaps"]
        ],
        "stopped": result["stopped"],
        "notes": result["notes"],
        "worth": {
            "points": [{"time": at, "value": point["equity"]} for at, point in points],
            "hold": [{"time": at, "value": point["hold"]} for at, point in points],
            "offset": offset,
        },
        "past": {
            "points": [{"time": at, "value": point["price"]} for at, point in points],
            "markers": _markers([at for at, _ in points], firings),
            "offset": offset,
        },
    }


def shown_run(run: ReplayRun, *, now: datetime) -> dict[str, Any]:
    """A queued replay or grid: how far it is, and what it has found."""
    grid = run.result.get("grid")
    context: dict[str, Any] = {
        "run": run,
        "open": run.state in ("queued", "running"),
        "percent": 100 * run.done_steps // max(run.total_steps, 1),
    }
    if grid:
        rows = [{name: _number(value) for name, value in row.items() if name != "value"} | {"value": row["value"]}
                for row in grid["rows"]]  # fmt: skip
        context |= {"grid": {**grid, "rows": rows}}
    elif run.result.get("curve"):
        context |= shown_result(run.result, now=now)
    return context


def _summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: _number(value) for name, value in summary.items()}
    made["first"], made["last"] = (
        datetime.fromisoformat(summary[name]) if summary[name] else None for name in ("first", "last")
    )
    made["better"] = made["net_result"] >= made["hold_result"]
    return made


def _firing(one: Mapping[str, Any]) -> dict[str, Any]:
    row = {**one, **{name: _number(one[name]) for name in DECIMALS}}
    row["at"] = datetime.fromisoformat(one["at"])
    row["words"], row["tone"] = OUTCOMES.get(one["outcome"], one["outcome"]), TONES.get(one["outcome"], "")
    return row


def _markers(times: list[int], firings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Firings on the points of the line: a marker stands at the first point that is not before it."""
    markers, index = [], 0
    for one in firings:
        at = int(one["at"].timestamp())
        while index < len(times) - 1 and times[index] < at:
            index += 1
        if times:
            text = {"buy": "Buy", "sell": "Sell"}.get(one["side"], "Fired") if one["outcome"] == "filled" else "Fired"
            markers.append({"time": times[index], "text": text})
    return markers


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def _number(value: Any) -> Any:
    """Texts of decimals as Decimals; anything else as it is."""
    if not isinstance(value, str):
        return value
    return Decimal(value) if value.replace(".", "", 1).replace("-", "", 1).isdigit() else value
