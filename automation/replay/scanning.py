"""Find the next bar that may matter: between re-arms a level is constant, so numpy looks ahead. Plain Python and numpy.

Every search errs towards finding too much: the machine judges what is found with exact decimals.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from automation.replay.bars import Floats

FIRST_LOOK, LONGEST_LOOK = 512, 65_536  # bars per step: short at first, for rules that fire often


def slack(level: float) -> float:
    """How far a float may be from the decimal it stands for, or from its nine-place rounding."""
    return 2e-9 + 1e-11 * abs(level)


def reaching(values: Floats, level: float, direction: int, start: int, stop: int) -> int:
    """The first index in [start, stop) whose value is at or beyond `level`; `stop` when there is none.

    NaN (unknown) is never at a level.
    """
    bound = level - direction * slack(level)
    size = FIRST_LOOK
    while start < stop:
        part = values[start : min(start + size, stop)]
        found = part >= bound if direction > 0 else part <= bound
        at = int(found.argmax())
        if found[at]:
            return start + at
        start += size
        size = min(size * 4, LONGEST_LOOK)
    return stop


def touching(low: Floats, high: Floats, down: float, up: float, start: int, stop: int) -> int:
    """The first index in [start, stop) whose range [low, high] meets [down, up]; `stop` when there is none."""
    down, up = down - slack(down), up + slack(up)
    size = FIRST_LOOK
    while start < stop:
        end = min(start + size, stop)
        found = (low[start:end] <= up) & (high[start:end] >= down)
        at = int(found.argmax())
        if found[at]:
            return start + at
        start, size = end, min(size * 4, LONGEST_LOOK)
    return stop


def known(values: Floats, start: int, stop: int) -> int:
    """The first index in [start, stop) whose value is known."""
    for index in range(start, stop):
        if values[index] == values[index]:
            return index
    return stop


def trailing(
    best: Floats, worst: Floats, last: Floats, *, peak: float, trail: tuple[float, float], start: int, stop: int
) -> tuple[int, float]:
    """The first index in [start, stop) that falls a trail below the running best, and the best before it.

    `best`, `worst` are the high and the low (for a short stop negated and swapped). `trail` is (factor, amount):
    the stop is best * factor - amount.
    """
    factor, amount = trail
    size = FIRST_LOOK
    while start < stop:
        end = min(start + size, stop)
        running = np.maximum.accumulate(best[start:end])
        np.maximum(running, peak, out=running)
        lower = amount - slack(max(abs(peak), abs(float(running[-1]))))
        line = running * factor - lower
        found = last[start:end] <= line
        found[0] |= bool(worst[start] <= peak * factor - lower)
        found[1:] |= worst[start + 1 : end] <= line[:-1]
        at = int(found.argmax())
        if found[at]:
            return start + at, float(running[at - 1]) if at else peak
        peak = float(running[-1])
        start, size = end, min(size * 4, LONGEST_LOOK)
    return stop, peak


def first_not_before(times: Any, moment: int, start: int) -> int:
    """The first index from `start` on whose time is `moment` or later."""
    return max(start, int(np.searchsorted(times, moment, side="left")))
