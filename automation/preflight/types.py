"""What preflight looks at, and what it finds. Plain Python."""

from __future__ import annotations

import enum
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from automation.preflight.regions import Part, Region
from common.money import ZERO
from safety.types import PolicyView

MOST_NAMED = 5  # rules named in one finding
MOST_LOOKED_AT = 200  # rules one rule is compared with when all of a user's rules are


class Severity(enum.StrEnum):
    """How bad it is."""

    ERROR = "error"  # can never be right: creating it is refused
    WARNING = "warning"  # a person may want it so
    INFO = "info"  # worth knowing


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A rule as far as it can get into another's way.

    `shares` and `value` (dollars) are one execution's, at the price at which it is expected to trade; None: unknown.
    `per_day`: how often a day its cooldown or its clock lets it fire at most; None: as often as the price likes.
    """

    id: UUID
    symbol: str
    side: str  # buy | sell; empty: it only tells
    trades: bool  # places orders: in mode auto
    identity: Hashable  # the same for rules that do the same
    trigger: Part
    region: Region
    group: str = ""
    price: Decimal | None = None
    shares: Decimal | None = None
    value: Decimal | None = None
    limit_price: Decimal | None = None  # of a limit order
    left: int | None = 1  # executions left; None: no limit
    per_day: Decimal | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    no_time_left: bool = False  # a clock without a further time in its window

    @property
    def repeats(self) -> bool:
        return self.left is None or self.left > 1

    def meets(self, other: Rule) -> bool:
        """Whether both can be in force at one time: their windows overlap and neither ends the other."""
        apart = (self.ends and other.starts and self.ends <= other.starts) or (
            other.ends and self.starts and other.ends <= self.starts
        )
        return not apart and not (self.group and self.group == other.group)


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What a symbol costs: the last price, and what a round trip costs per share besides: spread, slippage, fees."""

    last: Decimal
    round_trip: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Over every trading rule of the portfolio, if each fires once; of a one-cancels-other group only the largest."""

    buy_value: Decimal = ZERO  # dollars
    rules: int = 0
    clocks: int = 0  # those that fire at a time rather than at a price


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One portfolio's rules and what they are held against. Money in dollars, quantities in shares.

    `about`: only what involves this rule is looked for; then `rules` need to be those of its symbol only.
    """

    now: datetime
    rules: tuple[Rule, ...]
    totals: Totals
    limits: PolicyView
    cash: Decimal
    equity: Decimal | None  # None: it cannot be valued
    held_value: Decimal = ZERO
    buying_total: Decimal = ZERO  # open buys of all symbols
    fee_per_order: Decimal = ZERO
    prices: Mapping[str, Price] = field(default_factory=dict)
    held: Mapping[str, Decimal] = field(default_factory=dict)
    selling: Mapping[str, Decimal] = field(default_factory=dict)  # shares that open orders sell
    buying: Mapping[str, Decimal] = field(default_factory=dict)  # dollars of open buys
    about: UUID | None = None

    def asked(self) -> tuple[Rule, ...]:
        """The rules that are asked about."""
        return tuple(rule for rule in self.rules if self.about in (None, rule.id))

    def traders(self) -> tuple[Rule, ...]:
        """Those that place orders."""
        return tuple(rule for rule in self.rules if rule.trades)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is wrong or worth knowing: `text` says it in one sentence, `advice` what to do.

    `rules` are the ids of those involved, the one asked about first, at most MOST_NAMED; `more` is how many others.
    """

    code: str
    severity: Severity
    text: str
    advice: str
    rules: tuple[UUID, ...]
    more: int = 0

    @property
    def key(self) -> str:
        """The same finding about the same rules has the same key."""
        return ":".join([self.code, *sorted(str(rule) for rule in self.rules)])


def named(rules: Iterable[Rule]) -> tuple[tuple[UUID, ...], int]:
    """(the ids to name, how many more there are)."""
    ids = [rule.id for rule in rules]
    return tuple(ids[:MOST_NAMED]), max(0, len(ids) - MOST_NAMED)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One kind of conflict: its code, and the function that finds it."""

    code: str
    find: Callable[[Facts], Iterable[Finding]]
