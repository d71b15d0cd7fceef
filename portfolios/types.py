"""The words of the books: a fill to book, what a portfolio is worth, and what an audit found. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from common.money import ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class FillBooking:
    """One execution. `source_id` is the broker's execution id: booking it twice books it once."""

    source_id: str
    symbol: str
    side: str  # buy | sell
    quantity: Decimal  # shares, above 0
    price: Decimal  # dollars per share, above 0
    fee: Decimal = ZERO  # dollars, 0 or more
    at: datetime
    trace_id: UUID | None = None
    note: str = ""
    order_id: UUID | None = None  # what was instructed about the lots of this order's sales is followed


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionValue:
    """One holding at the latest price. `price`, `value` and `unrealised` are None while it has no quote."""

    symbol: str
    quantity: Decimal
    cost: Decimal
    price: Decimal | None
    value: Decimal | None
    unrealised: Decimal | None
    as_of: datetime | None  # the source's time of the price


@dataclass(frozen=True, kw_only=True, slots=True)
class Valuation:
    """What a portfolio is worth. `equity` is None if any holding has no price: nothing may be built on a guess."""

    cash: Decimal
    equity: Decimal | None
    positions: Mapping[str, PositionValue] = field(default_factory=dict)
    day_start_equity: Decimal
    day_pnl: Decimal | None  # since the exchange date began, deposits and withdrawals aside
    peak_equity: Decimal
    unpriced: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Discrepancy:
    """Two books that should agree and do not."""

    code: str
    subject: str  # a symbol, a lot, an entry, or "cash"
    expected: Decimal
    found: Decimal
    message: str
