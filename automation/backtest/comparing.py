"""Several backtests side by side: what differs between them, their figures, and their curves from 100 on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from accounts.models import User
from automation.backtest.figures import pick
from automation.backtest.models import BacktestRun
from common.errors import InvalidInput, NotFound

MOST = 8
BASE = 100.0
APART = ("kind", "timeframe", "start", "end", "cash")  # what makes runs hard to compare


def compare(user: User, ids: Sequence[UUID]) -> dict[str, Any]:
    """Finished runs without a grid, in the order asked for. Raises InvalidInput, NotFound for anybody else's."""
    if not 2 <= len(set(ids)) <= MOST:
        raise InvalidInput({"ids": f"{len(set(ids))} runs: give 2 to {MOST} different ids, separated by commas"})
    found = {run.pk: run for run in BacktestRun.objects.filter(user=user, pk__in=ids)}
    for run_id in ids:
        if run_id not in found:
            raise NotFound(f"There is no backtest {run_id}.")
    runs = [found[run_id] for run_id in dict.fromkeys(ids)]
    unfit = [str(run.pk) for run in runs if "summary" not in run.result]
    if unfit:
        raise InvalidInput({"ids": f"{', '.join(unfit)}: not done yet, or a grid of values, which has no one result"})
    return {
        "runs": [_one(run) for run in runs],
        "differences": _differences(runs),
        "warnings": _warnings(runs),
    }


def _one(run: BacktestRun) -> dict[str, Any]:
    result = run.result
    start = float(result["summary"]["start_equity"])
    return {
        "id": str(run.pk),
        "name": run.name,
        "kind": run.kind,
        "symbols": run.symbols,
        "figures": pick(result["summary"]),
        "hold": pick(result["hold"]),
        "curve": [{"at": point["at"], "value": round(BASE * point["equity"] / start, 4)} for point in result["curve"]],
    }


def _differences(runs: Sequence[BacktestRun]) -> dict[str, list[Any]]:
    """Every setting that is not the same in all runs, with its value in each."""
    settings = [_flat({**run.spec, **{f"asked.{k}": v for k, v in run.params.items()}}) for run in runs]
    names = sorted({name for one in settings for name in one})
    values = {name: [one.get(name) for one in settings] for name in names}
    return {name: row for name, row in values.items() if any(value != row[0] for value in row)}


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _warnings(runs: Sequence[BacktestRun]) -> list[str]:
    apart = [name for name in APART if len({getattr(run, name) for run in runs}) > 1]
    if not apart:
        return []
    return [f"They differ in {', '.join(apart)}: returns over different periods or markets do not compare."]
