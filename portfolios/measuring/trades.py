"""What closed trades made. Plain Python; money in Decimals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.money import ZERO, cents
from portfolios.measuring.figures import Figure, known, unknown

NONE_CLOSED = "Nothing was sold in this period."


@dataclass(frozen=True, kw_only=True, slots=True)
class Trades:
    """Sales, each with the gain of all the lots it took from. Money is None where nothing is to be averaged."""

    count: int
    wins: int
    losses: int
    gain: Decimal
    short_term: Decimal
    long_term: Decimal
    win_rate: Figure
    profit_factor: Figure  # gains per dollar lost
    average: Decimal | None
    average_win: Decimal | None
    average_loss: Decimal | None


def summed(gains: Sequence[Decimal], *, long_term: Decimal) -> Trades:
    """Of the gain of each sale and the part of all gains that is long term."""
    wins = [gain for gain in gains if gain > ZERO]
    losses = [gain for gain in gains if gain < ZERO]
    total, lost = sum(gains, ZERO), -sum(losses, ZERO)
    if not gains:
        factor = unknown(NONE_CLOSED)
    elif not lost:
        factor = unknown("No sale lost, so there is no loss to divide by.")
    else:
        factor = known(float(sum(wins, ZERO) / lost))
    return Trades(
        count=len(gains),
        wins=len(wins),
        losses=len(losses),
        gain=total,
        short_term=total - long_term,
        long_term=long_term,
        win_rate=known(len(wins) / len(gains)) if gains else unknown(NONE_CLOSED),
        profit_factor=factor,
        average=_mean(gains),
        average_win=_mean(wins),
        average_loss=_mean(losses),
    )


def _mean(gains: Sequence[Decimal]) -> Decimal | None:
    return cents(sum(gains, ZERO) / len(gains)) if gains else None
