"""Wilder's relative strength index, for `rsi_above` and `rsi_below`. Plain Python; the indicator is talipp's."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from talipp.indicators import RSI

from common.money import nano


def bars_needed(period: int) -> int:
    """Closed bars before the value is known: ten periods and one.

    Wilder's average never forgets its first value quite; after ten periods 0.01 % of it is left (period 14).
    """
    return 10 * period + 1


def rsi_at_close(closes: Sequence[Decimal], period: int) -> Decimal | None:
    """The RSI (0 to 100) at the last of `closes`, over the last `bars_needed` of them.

    None: too few closes, or none of them moved. Wilder, New Concepts in Technical Trading Systems (1978), section VI.
    """
    needed = bars_needed(period)
    used = closes[-needed:]
    if len(used) < needed or min(used) == max(used):
        return None
    return nano(Decimal(repr(RSI(period, [float(close) for close in used])[-1])))
