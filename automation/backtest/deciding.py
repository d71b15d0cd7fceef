"""When a strategy's targets change, and when that can be acted on. Plain numpy.

The target of a bar uses bars up to and including it, so it is acted on at the next moment at which the symbol trades:
never earlier, and only if it is another target than the one acted on last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from automation.backtest.market import Market
from automation.replay.bars import Floats


def known_before(targets: Floats) -> Floats:
    """For each moment the latest known target of the bars before it; NaN while there is none."""
    known = ~np.isnan(targets)
    latest = np.maximum.accumulate(np.where(known, np.arange(len(targets)), -1))
    before = np.concatenate([[-1], latest[:-1]]) if len(targets) else latest
    return np.where(before >= 0, targets[np.maximum(before, 0)], np.nan)


def changes_of(market: Market, targets: Mapping[str, Floats]) -> Iterator[tuple[int, dict[str, float]]]:
    """Moments in order of time, each with the symbols whose target differs from the one acted on last (at first 0)."""
    moments, rows, values = [], [], []
    for symbol, column in targets.items():
        row = market.row[symbol]
        decided = known_before(column)
        open_at = np.flatnonzero(market.fresh[row, market.first :]) + market.first
        open_at = open_at[~np.isnan(decided[open_at])]
        wanted = decided[open_at]
        new = wanted != np.concatenate([[0.0], wanted[:-1]]) if len(wanted) else np.zeros(0, dtype=bool)
        moments.append(open_at[new])
        values.append(wanted[new])
        rows.append(np.full(int(new.sum()), row))
    if not moments:
        return
    at, row_at, value = np.concatenate(moments), np.concatenate(rows), np.concatenate(values)
    order = np.lexsort((row_at, at))
    at, row_at, value = at[order], row_at[order], value[order]
    starts = np.flatnonzero(np.concatenate([[True], at[1:] != at[:-1]])) if len(at) else []
    for begin, end in zip(starts, [*starts[1:], len(at)], strict=True):
        yield (
            int(at[begin]),
            {market.symbols[int(r)]: float(v) for r, v in zip(row_at[begin:end], value[begin:end], strict=True)},
        )
