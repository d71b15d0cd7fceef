"""Moving averages of closes, for `ma_cross`. Plain Python; the averages themselves are talipp's.

Rounded to 9 places, so that two averages of equal prices are equal and no cross is seen where there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from talipp.indicators import EMA, SMA

from common.money import nano


def bars_needed(kind: str, long: int) -> int:
    """Closed bars before the value is known: long + 1 for sma, 3 x long + 1 for ema (its seed must have faded)."""
    return long + 1 if kind == "sma" else 3 * long + 1


def averages(closes: Sequence[Decimal], kind: str, period: int) -> list[Decimal]:
    """The average at each bar from the `period`-th on; ema is seeded with the sma of the first `period` closes."""
    indicator = (SMA if kind == "sma" else EMA)(period, [float(close) for close in closes])
    return [nano(Decimal(repr(value))) for value in indicator if value is not None]


def cross_at_close(closes: Sequence[Decimal], kind: str, short: int, long: int) -> int | None:
    """+1: short > long now and short <= long a bar ago; -1: the reverse; 0: neither; None: too few bars."""
    if len(closes) < bars_needed(kind, long):
        return None
    fast, slow = averages(closes, kind, short), averages(closes, kind, long)
    if fast[-1] > slow[-1] and fast[-2] <= slow[-2]:
        return 1
    if fast[-1] < slow[-1] and fast[-2] >= slow[-2]:
        return -1
    return 0


def live_spread(closes: Sequence[Decimal], kind: str, short: int, long: int) -> tuple[Decimal, Decimal, Decimal] | None:
    """(shift, numerator, reference): with the running bar's price p, short - long = shift + p * numerator / reference.

    Both averages are linear in the running bar: sma = (sum of the n-1 closes before + p) / n, and
    ema = previous ema * (1 - k) + p * k with k = 2 / (n + 1). None when there are too few bars.
    """
    if len(closes) < bars_needed(kind, long) - 1:
        return None
    if kind == "sma":
        before_short = sum(closes[len(closes) - short + 1 :], Decimal(0)) / short
        before_long = sum(closes[len(closes) - long + 1 :], Decimal(0)) / long
        return nano(before_short - before_long), Decimal(long - short), Decimal(short * long)
    keep_short, keep_long = 1 - Decimal(2) / (short + 1), 1 - Decimal(2) / (long + 1)
    shift = averages(closes, kind, short)[-1] * keep_short - averages(closes, kind, long)[-1] * keep_long
    return nano(shift), Decimal(2 * (long - short)), Decimal((short + 1) * (long + 1))
