"""The words of the market: a tick as a feed reports it, a bar as it is stored. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

REGULAR = "regular"
EXTENDED = "extended"
CLOCK_SKEW = timedelta(seconds=10)  # a source's clock may be this far ahead of ours
LARGEST = Decimal(10) ** 15  # first value the price columns cannot hold
SMALLEST = Decimal("0.000000001")  # smallest price they can
ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """One observation of one symbol.

    `price` is the last trade; `volume` is cumulative in the session; `at` is the source's time (aware UTC).
    What a source does not know is None.
    """

    symbol: str
    price: Decimal
    at: datetime
    source: str
    bid: Decimal | None = None
    ask: Decimal | None = None
    size: Decimal | None = None
    volume: Decimal | None = None
    session: str = REGULAR
    session_open: Decimal | None = None
    prev_close: Decimal | None = None
    session_date: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BarRow:
    """One bar: `at` is its start in UTC, a daily bar's the midnight UTC of its session date; `volume` in shares."""

    symbol: str
    timeframe: str
    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    source: str = ""


def flaw(tick: Tick, *, now: datetime) -> str | None:
    """Why a tick must not be used, as a short code; None for a usable one.

    Usable: regular session, aware time not ahead of ours, finite positive price, bid not above ask, and no other
    number that is negative or not finite. Whether it is older than the standing quote is for the recorder to know.
    """
    if tick.session != REGULAR:
        return "extended_hours"
    if not tick.symbol.isprintable() or not tick.source.isprintable():
        return "unprintable_text"  # PostgreSQL would refuse the whole batch for a NUL
    if tick.at.tzinfo is None:
        return "naive_time"
    if tick.at - now > CLOCK_SKEW:
        return "from_the_future"
    if not tick.price.is_finite():
        return "not_a_number"
    if not SMALLEST <= tick.price < LARGEST:
        return "price_out_of_range"
    for price in (tick.bid, tick.ask, tick.session_open, tick.prev_close):
        if price is not None and not (price.is_finite() and SMALLEST <= price < LARGEST):
            return "price_out_of_range" if price.is_finite() else "not_a_number"
    if tick.volume is not None and not (tick.volume.is_finite() and ZERO <= tick.volume < LARGEST):
        return "bad_volume"
    if tick.bid is not None and tick.ask is not None and tick.bid > tick.ask:
        return "crossed"
    return None
