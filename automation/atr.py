"""Wilder's average true range, for stops that keep a distance of so many of a symbol's ordinary days.

Plain Python; the indicator is talipp's.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from talipp.indicators import ATR
from talipp.ohlcv import OHLCV

from common.money import nano
from markets.types import BarRow


def bars_used(period: int) -> int:
    """Closed bars that are looked at: ten periods and one, after which what came before hardly counts."""
    return 10 * period + 1


def atr_at_close(bars: Sequence[BarRow], period: int) -> Decimal | None:
    """The average true range in dollars at the last of `bars`, over the last `bars_used` of them.

    None: fewer than `period` + 1 bars, or none of them moved. Wilder, New Concepts in Technical Trading Systems (1978),
    section IV: the first value is the plain mean of `period` true ranges, then (previous x (period - 1) + range) /
    period.
    """
    used = bars[-bars_used(period) :]
    if len(used) <= period:
        return None
    rows = [OHLCV(float(bar.open), float(bar.high), float(bar.low), float(bar.close)) for bar in used]
    value = nano(Decimal(repr(ATR(period, rows)[-1])))
    return value if value > 0 else None
