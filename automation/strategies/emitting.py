"""What strategies signal, as values of the series that rules watch: 1 while it is the side, else 0."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from automation.standing import LATE
from automation.strategies.deciding import side_of
from automation.strategies.models import StrategyRun, StrategySignal, StrategySymbol
from watches.models import Series

ONE, ZERO = Decimal(1), Decimal(0)
BEFORE = timedelta(seconds=1)


def values(series: Iterable[Series], now: datetime) -> dict[datetime, dict[int, Decimal]]:
    """The values that are new, by the time of the run that gave them. Three queries, none without series.

    Where a run changed the side, the side before is shown a second earlier: a rule made since the run before has not
    seen it. A change that came too late is no event any more, and an unknown signal no value: neither is pushed.
    """
    rows = list(series)
    if not rows:
        return {}
    asked = {row.id: (UUID(row.observable.split(":")[1]), row.subject, row.observable.split(":")[2]) for row in rows}
    runs = _newest_runs({strategy for strategy, _, _ in asked.values()})
    fresh = {
        row.id: runs[asked[row.id][0]]
        for row in rows
        if asked[row.id][0] in runs and (row.value_at is None or row.value_at < runs[asked[row.id][0]].at)
    }
    fresh = {key: run for key, run in fresh.items() if now - run.at <= LATE}
    if not fresh:
        return {}
    return _values(asked, fresh, {row.id: row.value for row in rows})


def _values(
    asked: dict[int, tuple[UUID, str, str]], fresh: dict[int, StrategyRun], last: dict[int, Decimal | None]
) -> dict[datetime, dict[int, Decimal]]:
    strategies = {run.strategy_id for run in fresh.values()}
    standing = {
        (row.strategy_id, row.instrument_id): row for row in StrategySymbol.objects.filter(strategy__in=strategies)
    }
    bars = {run.bar_at for run in fresh.values()}
    changes = {
        (row.strategy_id, row.instrument_id, row.epoch, row.bar_at): row
        for row in StrategySignal.objects.filter(strategy__in=strategies, bar_at__in=bars)
    }
    found: dict[datetime, dict[int, Decimal]] = defaultdict(dict)
    for key, run in fresh.items():
        strategy, symbol, side = asked[key]
        row = standing.get((strategy, symbol))
        change = changes.get((strategy, symbol, run.epoch, run.bar_at))
        if row is None or row.unknown or row.signal is None or (change is not None and run.at >= change.expires_at):
            continue
        now_so = side_of(row.signal) == side
        if now_so and change is None and last[key] == ZERO:  # it began with a run that came too late
            continue
        if change is not None and change.previous_signal is not None and change.signal is not None:
            was_so = side_of(change.previous_signal) == side
            if was_so != now_so:
                found[run.at - BEFORE][key] = ONE if was_so else ZERO
        found[run.at][key] = ONE if now_so else ZERO
    return found


def _newest_runs(strategies: set[UUID]) -> dict[UUID, StrategyRun]:
    newest = StrategyRun.objects.filter(strategy__in=strategies).order_by("strategy", "-at").distinct("strategy")
    return {run.strategy_id: run for run in newest}
