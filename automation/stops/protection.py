"""What sells a holding when it falls, what that would cost, and what is wrong with it. Plain Python."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from common.money import HUNDRED, ZERO, cents, nano, percent_of, plain


class Kind(enum.StrEnum):
    """How a stop finds its price."""

    FIXED = "fixed"  # a level that stays
    TRAILING = "trailing"  # follows the highest price
    FALL = "fall"  # a fall within a window
    TIME = "time"  # at a time, at whatever price
    PORTFOLIO = "portfolio"  # when the whole portfolio has fallen


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """Something that sells shares of the holding: a rule, or a stop order that rests at the broker.

    `price`: where it sells as things stand, in dollars; None: not known yet, or a time decides. `acts`: it sells by
    itself; else it only records or tells. `shares`: at most so many, None when that is not known.
    """

    kind: Kind
    sentence: str
    short: str  # 'trailing 5 %'
    shares: Decimal | None
    price: Decimal | None = None
    due_at: datetime | None = None
    acts: bool = True
    conditional: bool = False  # only if its conditions hold then
    group: str = ""
    action_id: UUID | None = None
    order_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """A holding at the latest price, and the equity it is part of; None: unknown."""

    symbol: str
    shares: Decimal
    cost: Decimal
    last: Decimal | None
    equity: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """Selling `shares` at a level instead of at the last price. Dollars; `percent_of_equity` of the whole portfolio.

    `result`: what those shares then came to against what they cost.
    """

    amount: Decimal
    percent_of_equity: Decimal | None
    result: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Protection:
    """The stops of a holding, the first to sell first, and what is wrong with them."""

    holding: Holding
    stops: tuple[Stop, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def covered(self) -> Decimal:
        """Shares that a price stop sells by itself, whatever conditions say."""
        return min(together(self.acting), self.holding.shares)

    @property
    def acting(self) -> tuple[Stop, ...]:
        """The stops that sell by themselves when the price falls."""
        return tuple(stop for stop in self.stops if stop.acts and not stop.conditional and stop.kind is not Kind.TIME)

    @property
    def first(self) -> Stop | None:
        """The stop that sells first if the price falls from here."""
        return self.acting[0] if self.acting else None


def protect(holding: Holding, stops: Iterable[Stop]) -> Protection:
    """The stops of a holding in the order in which a falling price meets them; those without a price last."""
    ordered = sorted(stops, key=lambda stop: (not stop.acts, stop.price is None, -(stop.price or ZERO)))
    found = Protection(holding=holding, stops=tuple(ordered))
    return Protection(holding=holding, stops=found.stops, warnings=tuple(_warnings(found)))


def together(stops: Sequence[Stop]) -> Decimal:
    """The shares they sell if each fires once; of a one-cancels-other group only the largest counts."""
    largest: dict[str, Decimal] = {}
    for number, stop in enumerate(stops):
        key = f"group {stop.group}" if stop.group else f"stop {number}"
        largest[key] = max(largest.get(key, ZERO), stop.shares or ZERO)
    return sum(largest.values(), ZERO)


def loss_at(holding: Holding, level: Decimal | None, shares: Decimal | None) -> Loss | None:
    """What is lost from here if `shares` are sold at `level`; None when price or level is unknown."""
    if level is None or holding.last is None or shares is None or not holding.shares:
        return None
    amount = cents((holding.last - level) * shares)
    return Loss(
        amount=amount,
        percent_of_equity=None if not holding.equity else nano(percent_of(amount, holding.equity)),
        result=cents(level * shares - holding.cost * shares / holding.shares),
    )


def level_of(rule: Mapping[str, Any], last: Decimal | None) -> Decimal | None:
    """Where a drafted stop would sell if it were armed at `last`; None: a time decides, or the price is unknown."""
    params = rule["trigger_params"]
    if rule["trigger_type"] == "price_below":
        return Decimal(params["threshold"])
    if rule["trigger_type"] != "trailing_stop" or last is None:
        return None
    if "percent" in params:
        return nano(last * (HUNDRED - Decimal(params["percent"])) / HUNDRED)
    return nano(last - Decimal(params["amount"]))


def _warnings(found: Protection) -> Iterable[str]:
    holding, total = found.holding, together(found.acting)
    for stop in found.stops:
        if stop.acts and stop.shares is not None and stop.shares > holding.shares:
            yield (
                f"'{stop.short}' sells {plain(stop.shares)} shares, {plain(holding.shares)} are held: "
                "the order would be denied. Let it sell less, or a percentage of the position."
            )
        if holding.last is not None and stop.price is not None and stop.price >= holding.last:
            where = f"at ${plain(stop.price)}, not below the price ${plain(holding.last)}"
            yield f"'{stop.short}' is {where}: it sells at once."
        if not stop.acts:
            yield f"'{stop.short}' only tells: its mode is not automatic, so nothing is sold."
    if len(found.acting) > 1 and total > holding.shares:
        yield (
            f"{len(found.acting)} stops sell {plain(total)} shares together, {plain(holding.shares)} are held: "
            "whatever comes after the first is denied. Put those that replace each other into one group."
        )
