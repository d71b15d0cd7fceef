"""What a new signal changes, against what its symbol stands at. Plain Python.

A strategy acts on changes of its target position, not on every bar. What was wanted but not carried out (missed,
denied) is wanted again at the next bar, a few times: only the newest target counts, never an old bar's.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from decimal import Decimal

from common.money import ZERO, nano

MOST_FAILURES = 3  # attempts at one target; then it waits for another signal


class Side(enum.StrEnum):
    """What a signal says."""

    LONG = "long"
    FLAT = "flat"
    SHORT = "short"  # of a long-only account: the same as flat


class Step(enum.StrEnum):
    """What is to be done about a symbol."""

    NONE = "none"  # as before: no row
    NOTE = "note"  # the signal changed, the target did not
    ACT = "act"  # bring the position to the target
    UNKNOWN = "unknown"  # it has just become unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What a symbol stands at: its last known signal, the target that followed, and the one carried out last."""

    signal: float | None = None
    target: Decimal | None = None
    applied: Decimal | None = None
    unknown: bool = False
    failures: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What follows from a bar: the step, and the standing afterwards."""

    step: Step
    after: Standing


def side_of(signal: float | None) -> Side | None:
    """The side of a known signal."""
    if signal is None:
        return None
    return Side.LONG if signal > 0 else Side.SHORT if signal < 0 else Side.FLAT


def target_of(fraction: float) -> Decimal | None:
    """A fraction of the equity as it is stored: 0 to 1, 9 places; None: unknown."""
    if math.isnan(fraction):
        return None
    return nano(Decimal(repr(min(max(fraction, 0.0), 1.0))))


def decide(before: Standing, signal: float | None, size: Decimal | None) -> Change:
    """What a bar's signal changes. `size`: the target for that signal, None: not known.

    A position is sized when its signal changes, not at every bar.
    """
    target = before.target if signal == before.signal and before.target is not None else size
    if signal is None or target is None:
        after = Standing(
            signal=before.signal,
            target=before.target,
            applied=before.applied,
            unknown=True,
            failures=before.failures,
        )
        return Change(step=Step.NONE if before.unknown else Step.UNKNOWN, after=after)
    changed = signal != before.signal
    failures = 0 if target != before.target else before.failures
    applied = ZERO if before.applied is None and target == ZERO else before.applied
    step = Step.NONE
    if target != applied and failures < MOST_FAILURES:
        step = Step.ACT
    elif changed and (before.signal is not None or target != applied):
        step = Step.NOTE
    return Change(
        step=step,
        after=Standing(signal=signal, target=target, applied=applied, unknown=False, failures=failures),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Trade:
    """Shares to buy or sell."""

    side: str
    quantity: Decimal


LEAST_VALUE = Decimal(1)  # dollars: less is not worth an order, and brokers refuse it


def trade_for(
    *, target: Decimal, equity: Decimal, price: Decimal, owned: Decimal, held: Decimal, fractional: bool
) -> Trade | None:
    """What brings the strategy's own shares (`owned`) to its target; None: nothing worth an order.

    Only what the strategy bought is sold, and never more than the portfolio still holds (`held`): other shares of the
    symbol are somebody else's.
    """
    unit = Decimal("0.000000001") if fractional else Decimal(1)
    desired = (target * equity / price).quantize(unit, rounding="ROUND_DOWN")
    delta = desired - owned
    quantity = delta if delta > 0 else min(-delta, held)
    if target == ZERO and owned > 0:
        quantity = min(owned, held)  # all of it, however little it is worth
        return Trade(side="sell", quantity=quantity) if quantity > 0 else None
    if quantity <= 0 or quantity * price < LEAST_VALUE:
        return None
    return Trade(side="buy" if delta > 0 else "sell", quantity=quantity)
