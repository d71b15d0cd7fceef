"""Why a run may not begin, decided before its first leg: never half-way. Plain Python.

The gate judges every leg beforehand as if the sells had filled (`rehearsing`); here is what only a run is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from common.money import HUNDRED

CLOSES_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A code for programs, a sentence for people, and from when on it may be otherwise (None: nobody knows)."""

    code: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """The exchange of some legs at this moment. `closes_at`: of the session in progress (None: closed)."""

    exchange: str
    always_open: bool
    closes_at: datetime | None
    opens_at: datetime | None


def closing(exchanges: Iterable[Hours], now: datetime) -> Refusal | None:
    """The market is closed, or closes before the buys could follow the sells."""
    for one in exchanges:
        if one.closes_at is None:
            opens = f" It opens at {one.opens_at:%Y-%m-%d %H:%M} UTC." if one.opens_at else ""
            return Refusal(code="MARKET_CLOSED", reason=f"{one.exchange} is closed.{opens}", until=one.opens_at)
        if not one.always_open and one.closes_at - now < CLOSES_WITHIN:
            minutes = int((one.closes_at - now).total_seconds() // 60)
            return Refusal(
                code="MARKET_CLOSES_SOON",
                reason=f"{one.exchange} closes in {minutes} min: less than {CLOSES_WITHIN.seconds // 60} min are too"
                " few to sell and then buy. Start it in the next session.",
                until=one.opens_at,
            )
    return None


def cooling(last_end: datetime | None, days: int, now: datetime) -> Refusal | None:
    """The goal was rebalanced less than its cooldown ago."""
    if last_end is None or not days:
        return None
    until = last_end + timedelta(days=days)
    if until <= now:
        return None
    return Refusal(
        code="COOLDOWN",
        reason=f"It was last rebalanced at {last_end:%Y-%m-%d %H:%M} UTC; its cooldown of {days} days ends at"
        f" {until:%Y-%m-%d %H:%M} UTC.",
        until=until,
    )


def over_the_caps(
    *,
    legs: int,
    value: Decimal,
    trades_today: int,
    most_trades: int,
    turnover_today: Decimal,
    equity: Decimal,
    turnover_pct: Decimal,
) -> Refusal | None:
    """All legs together would be more orders, or more dollars, than one day may have; sells count here, too."""
    if trades_today + legs > most_trades:
        return Refusal(
            code="DAILY_TRADE_CAP",
            reason=f"It takes {legs} orders, {trades_today} were placed today, and the limit is {most_trades} a day."
            " Wait until tomorrow, or raise the limit on the Safety page.",
        )
    limit = equity * turnover_pct / HUNDRED
    if turnover_today + value > limit:
        return Refusal(
            code="DAILY_TURNOVER",
            reason=f"It trades ${value:,.2f}, ${turnover_today:,.2f} were traded today, and the limit is"
            f" ${limit:,.2f} a day. Give the goal a turnover cap, or wait until tomorrow.",
        )
    return None
