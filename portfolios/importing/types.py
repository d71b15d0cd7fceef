"""The words of an import. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One transaction of a file. `line` counts from 1; `source_id` makes booking it twice harmless.

    buy, sell, opening: `quantity` above 0, `price`, and `value` (dollars, fees aside); others: `value` is the change of
    cash. split: `ratio` (new, old), or the shares received in `quantity`.
    """

    line: int
    kind: str
    at: datetime
    stamp: str  # the time as the file writes it
    source_id: str
    symbol: str = ""
    quantity: Decimal = Decimal(0)
    price: Decimal | None = None
    value: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    note: str = ""
    ratio: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """A file, read. `left_out`: rows that say nothing about this portfolio, by reason."""

    format: str
    rows: tuple[Row, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Booking:
    """One ledger entry that was, or would be, booked. `line`: None for a known split that the import adds by itself."""

    line: int | None
    kind: str
    at: datetime
    symbol: str
    quantity: Decimal
    price: Decimal | None
    amount: Decimal
    source_id: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A holding after the import."""

    symbol: str
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What an import did, or with `dry_run` would do."""

    dry_run: bool
    format: str
    booked: tuple[Booking, ...]
    already_booked: int
    left_out: Mapping[str, int]
    cash: Decimal
    holdings: tuple[Held, ...]
    created: tuple[str, ...]  # instruments
