"""Read what a person asks of a backtest: period, cash, costs, approvals, limits, a benchmark, values to try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from automation.backtest.gating import APPROVE, BLOCK
from automation.replay.asking import Grid, costs_of, grid_of, moment_of
from automation.strategies.bar_clock import TIMEFRAMES
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader, shown
from common.errors import InvalidInput
from markets.fill_model import Costs
from markets.models import Instrument
from portfolios.models import Portfolio
from safety.limits import read_changes

CASH = "100000"
SPAN, SHORT_SPAN = timedelta(days=3653), timedelta(days=30)  # of daily bars, of minutes
SPLIT = 70  # percent of the sessions a grid's best is chosen on
MOST_PARAMETERS = 2
MOST_RUNS = 200


@dataclass(frozen=True, kw_only=True)
class Question:
    """A backtest as asked for. `split`: percent of the sessions that are in-sample for a grid."""

    timeframe: str
    start: datetime
    end: datetime
    cash: Decimal
    costs: Costs
    approvals: str = APPROVE
    limits: Mapping[str, Any] = field(default_factory=dict)
    benchmark: str | None = None
    grid: Sequence[Grid] = ()
    split: int = SPLIT

    @property
    def combinations(self) -> list[dict[str, str]]:
        """Every value of the first parameter with every one of the second; one empty choice without a grid."""
        names = [one.parameter for one in self.grid]
        return [dict(zip(names, values, strict=True)) for values in product(*(one.values for one in self.grid))]


def read_question(
    data: Mapping[str, Any], *, portfolio: Portfolio, now: datetime, timeframe: str = "1d", only_daily: bool = False
) -> Question:
    """Check a request. What is left out has a default. Raises InvalidInput with every error.

    `timeframe`: what the subject is made for; goals are looked at once a day, so they take daily bars only.
    """
    try:
        read = Reader(data, "a field of a backtest")
        frame = read.choice("timeframe", ("1d",) if only_daily else TIMEFRAMES, default=timeframe)
        end = moment_of(read, "to", closing=True) or now
        start = moment_of(read, "from", closing=False) or end - (SPAN if frame == "1d" else SHORT_SPAN)
        if start >= end and not read.errors:
            read.errors["to"] = f"{end.isoformat()} is not after from ({start.isoformat()})"
        cash = read.decimal("cash", default=CASH, at_most=10**12, places=2)
        costs = costs_of(read, portfolio)
        approvals = read.choice("approvals", (APPROVE, BLOCK), default=APPROVE)
        limits = _limits(read)
        benchmark = _benchmark(read)
        grid = _grid(read)
        split = read.integer("split", default=SPLIT, at_least=20, at_most=90)
        read.done()
    except BadParams as bad:
        raise InvalidInput(bad.errors) from None
    return Question(
        timeframe=frame,
        start=start,
        end=end,
        cash=Decimal(cash or CASH),
        costs=costs,
        approvals=approvals,
        limits=limits,
        benchmark=benchmark,
        grid=grid,
        split=split or SPLIT,
    )


def _limits(read: Reader) -> Mapping[str, Any]:
    """Safety limits to judge under instead of those in force, by the names of PATCH safety/."""
    raw = read.take("limits")
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        read.errors["limits"] = f'{shown(raw)} is not an object such as {{"max_position_pct": "50"}}'
        return {}
    _, errors = read_changes(raw)
    read.errors.update({f"limits.{name}": text for name, text in errors.items()})
    return {} if errors else dict(raw)


def _benchmark(read: Reader) -> str | None:
    symbol = read.text("benchmark", required_hint="a symbol", default="")
    if not symbol:
        return None
    if not Instrument.objects.filter(pk=symbol.upper()).exists():
        read.errors["benchmark"] = f"{shown(symbol)} is not a known symbol: use one such as SPY, or leave it out"
    return symbol.upper()


def _grid(read: Reader) -> tuple[Grid, ...]:
    """One parameter with its values, or a list of up to two."""
    raw = read.take("grid")
    if raw is None:
        return ()
    listed = list(raw) if isinstance(raw, (list, tuple)) else [raw]
    if not 1 <= len(listed) <= MOST_PARAMETERS:
        read.errors["grid"] = f"{len(listed)} parameters: try values of one, or of {MOST_PARAMETERS} together"
        return ()
    hint = "name a parameter such as short"
    names = ["grid"] if len(listed) == 1 else [f"grid.{n}" for n in range(len(listed))]
    found = [grid for one, name in zip(listed, names, strict=True) if (grid := grid_of(read, one, name, hint))]
    if len({grid.parameter for grid in found}) < len(found):
        read.errors["grid"] = "both have the same parameter: name two different ones"
    total = 1
    for grid in found:
        total *= len(grid.values)
    if total > MOST_RUNS:
        read.errors["grid"] = f"it makes {total} combinations: {MOST_RUNS} at most, so try fewer values"
    return tuple(found)
