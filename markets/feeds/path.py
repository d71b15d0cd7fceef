"""The demo market's price paths: pure, seeded, one per symbol.

price = anchor · exp(slow + fast), both mean-reverting (Ornstein-Uhlenbeck): `fast` wanders 0.33 % around the slow part
and forgets within 20 seconds, so that within a minute every price moves by some 0.2-0.5 % and a rule close by fires;
`slow` wanders around the previous close for hours, so that a day has a shape and does not run away.
"""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta
from decimal import Decimal

FAST, FAST_SECONDS = 0.0033, 18.0  # standard deviation, time constant
SLOW, SLOW_SECONDS = 0.010, 10_800.0
DAY_SECONDS = 86_400.0
BRIDGE = 0.0006  # standard deviation of a minute's move in a gap that is filled
CENT = Decimal("0.01")


class Path:
    """One symbol's price. `volatility` scales all moves; `daily_volume` is in shares."""

    def __init__(
        self, *, symbol: str, seed: int, price: float, anchor: float, volatility: float, daily_volume: float
    ) -> None:
        self._rng = random.Random(f"{seed}:{symbol}:ticks")
        self._volatility = volatility
        self._per_second = daily_volume / DAY_SECONDS
        self._spread = self._rng.uniform(2e-4, 4e-4)
        self._anchor = anchor
        self._fast = 0.0
        self._slow = math.log(price / anchor)

    @property
    def price(self) -> Decimal:
        """In cents, at least one."""
        return max(Decimal(f"{self._anchor * math.exp(self._slow + self._fast):.2f}"), CENT)

    def step(self, seconds: float) -> Decimal:
        """Let `seconds` pass; returns the new price."""
        self._fast = self._revert(self._fast, FAST, FAST_SECONDS, seconds)
        self._slow = self._revert(self._slow, SLOW, SLOW_SECONDS, seconds)
        return self.price

    def _revert(self, value: float, deviation: float, constant: float, seconds: float) -> float:
        """The exact step of an Ornstein-Uhlenbeck process (Gillespie 1996, eq. 1.9)."""
        kept = math.exp(-seconds / constant)
        return value * kept + self._rng.gauss(0, deviation * self._volatility * math.sqrt(1 - kept * kept))

    def jump(self, price: Decimal) -> None:
        """Continue from `price`; the path reverts to it instead of to its former anchor."""
        self._anchor, self._fast, self._slow = float(price), 0.0, 0.0

    def new_day(self) -> None:
        """A session ended: the next one reverts to its close. The price itself does not jump."""
        self._anchor *= math.exp(self._slow)
        self._slow = 0.0

    def size(self, seconds: float) -> Decimal:
        """Shares traded in `seconds`: 100 or fewer at a quiet moment, several times that at a lively one."""
        return Decimal(max(1, round(self._per_second * seconds * self._rng.lognormvariate(-0.3, 0.8))))

    def sides(self, price: Decimal) -> tuple[Decimal, Decimal]:
        """Bid and ask around a price: 2 to 4 basis points apart, a cent at least."""
        half = float(price) * self._spread / 2
        bid = Decimal(math.floor((float(price) - half) * 100 + 1e-9)) / 100
        ask = Decimal(math.ceil((float(price) + half) * 100 - 1e-9)) / 100
        return max(min(bid, price), CENT), max(ask, price)


def bridge(
    *, symbol: str, seed: int, start: datetime, minutes: int, opens: float, closes: float, volatility: float
) -> list[tuple[datetime, Decimal, Decimal, Decimal, Decimal]]:
    """(at, open, high, low, close) of each minute of a gap: a random path pinned to the prices at both ends."""
    rng = random.Random(f"{seed}:{symbol}:{start.isoformat()}")
    walk = [0.0]
    for _ in range(minutes):
        walk.append(walk[-1] + rng.gauss(0, BRIDGE * volatility))
    target = math.log(closes / opens)
    logs = [value + (target - walk[-1]) * index / max(minutes, 1) for index, value in enumerate(walk)]
    bars = []
    for index in range(minutes):
        first, last = opens * math.exp(logs[index]), opens * math.exp(logs[index + 1])
        high = max(first, last) * (1 + abs(rng.gauss(0, BRIDGE * volatility / 2)))
        low = min(first, last) * (1 - min(abs(rng.gauss(0, BRIDGE * volatility / 2)), 0.5))
        opened, top, bottom, closed = (max(Decimal(f"{value:.2f}"), CENT) for value in (first, high, low, last))
        bars.append((start + timedelta(minutes=index), opened, top, bottom, closed))
    return bars
