"""When losses stop trading by themselves. Plain Python: `safety.tripping` sets what this decides."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from common.money import HUNDRED, ZERO
from safety.types import PolicyView

RANK = {"active": 0, "reducing": 1, "halted": 2}


@dataclass(frozen=True, kw_only=True)
class Breach:
    """A limit that was reached and the stricter trading state it asks for."""

    state: str  # reducing | halted
    code: str  # DAILY_LOSS | DRAWDOWN
    message: str


def apply_breakers(
    *, policy: PolicyView, equity: Decimal | None, day_start_equity: Decimal, peak_equity: Decimal, state: str
) -> Breach | None:
    """The strictest breach, if it asks for more than `state` already does. Never loosens.

    Day loss: REDUCING at `daily_loss_reduce_pct`, HALTED at `daily_loss_halt_pct`; drawdown from the peak: HALTED.
    None while the portfolio cannot be valued: then the gate denies new risk by itself.
    """
    if equity is None:
        return None
    day_loss = _loss(day_start_equity, equity)
    drawdown = _loss(max(peak_equity, equity), equity)
    if drawdown is not None and drawdown >= policy.drawdown_halt_pct:
        text = f"The portfolio is {drawdown:.2f} % below its highest value; at {policy.drawdown_halt_pct:f} % it halts."
        breach = Breach(state="halted", code="DRAWDOWN", message=text)
    elif day_loss is not None and day_loss >= policy.daily_loss_halt_pct:
        text = f"The portfolio lost {day_loss:.2f} % today; at {policy.daily_loss_halt_pct:f} % it halts."
        breach = Breach(state="halted", code="DAILY_LOSS", message=text)
    elif day_loss is not None and day_loss >= policy.daily_loss_reduce_pct:
        text = (
            f"The portfolio lost {day_loss:.2f} % today; from {policy.daily_loss_reduce_pct:f} % on it only reduces "
            "positions."
        )
        breach = Breach(state="reducing", code="DAILY_LOSS", message=text)
    else:
        return None
    return breach if RANK[breach.state] > RANK[state] else None


def _loss(before: Decimal, after: Decimal) -> Decimal | None:
    """Percent lost; None if nothing was."""
    loss = before - after
    return loss * HUNDRED / before if before > ZERO and loss > ZERO else None
