"""How large the orders of a run are: buys from the cash that is there, the largest shortfall first. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.money import HUNDRED, NANO, ZERO, shares

UNIT, WHOLE = NANO, Decimal(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a symbol lacks: `shortfall` dollars, at `price` dollars a share (what a buy costs now)."""

    symbol: str
    shortfall: Decimal
    price: Decimal
    fractional: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Sized:
    """What is bought of a symbol: shares (0: nothing), and why it is less than was wanted; empty if it is not."""

    symbol: str
    quantity: Decimal
    price: Decimal
    code: str = ""
    reason: str = ""

    @property
    def value(self) -> Decimal:
        """Dollars at `price`."""
        return self.quantity * self.price


def spendable(*, cash: Decimal, reserved: Decimal, taken: Decimal, cushion_pct: Decimal) -> Decimal:
    """Dollars that buys may come to: what the goal does not reserve, and what the gate lets be spent.

    `reserved`: cash the goal keeps; `taken`: cash that buys under way have a claim on; `cushion_pct`: percent the gate
    wants free beyond the price of a market order (`buying_power_cushion_pct`).
    """
    by_goal = cash - reserved - taken
    by_gate = (cash - taken) * HUNDRED / (HUNDRED + cushion_pct)
    return max(ZERO, min(by_goal, by_gate))


def size_buys(wanted: Iterable[Wanted], *, cash: Decimal, min_trade: Decimal) -> list[Sized]:
    """Give out `cash` dollars, the largest shortfall first (ties by symbol). One answer per symbol, in that order."""
    left, sized = cash, []
    for want in sorted(wanted, key=lambda want: (-want.shortfall, want.symbol)):
        amount = min(want.shortfall, left)
        quantity = shares(amount / want.price, fractional=want.fractional) if amount > ZERO else ZERO
        code, reason = ("", "") if amount == want.shortfall else ("CASH", f"${left:.2f} of cash was left for it")
        if quantity * want.price < min_trade or quantity == ZERO:
            quantity = ZERO
            if not code:
                code, reason = "BELOW_MINIMUM", f"${amount:.2f} is less than the smallest trade, ${min_trade:.2f}"
        elif not code and not want.fractional and quantity * want.price < amount:
            code, reason = "WHOLE_SHARES", f"{want.symbol} trades in whole shares"
        left -= quantity * want.price
        sized.append(Sized(symbol=want.symbol, quantity=quantity, price=want.price, code=code, reason=reason))
    return sized


def parts_of(quantity: Decimal, price: Decimal, most: Decimal, *, fractional: bool) -> list[Decimal]:
    """The quantity in orders of at most `most` dollars each, no two alike: the gate takes twins for a mistake.

    One part if it fits, or if a single share is more than `most`.
    """
    if quantity * price <= most or most <= ZERO:
        return [quantity]
    unit = UNIT if fractional else WHOLE
    largest = shares(most / price, fractional=fractional)
    if largest <= ZERO:
        return [quantity]
    parts: list[Decimal] = []
    left = quantity
    while left > ZERO:
        part = min(left, largest - unit * len(parts))
        if part <= ZERO:
            return [quantity]
        parts.append(part)
        left -= part
    if len(parts) > 1 and parts[-1] in parts[:-1]:
        return [quantity]  # cannot happen with shares worth less than `most`; the gate says what it thinks of it
    return parts


def spread(quantity: Decimal, planned: Sequence[Decimal], *, fractional: bool) -> list[Decimal]:
    """A symbol's new quantity over its planned legs: the first are filled first; more than was planned in all (the
    price fell) goes to each in proportion."""
    total = sum(planned, ZERO)
    given = []
    left = quantity
    for number, most in enumerate(planned, start=1):
        wanted = most if quantity <= total else shares(quantity * most / total, fractional=fractional)
        part = left if number == len(planned) and quantity > total else min(left, wanted)
        given.append(part)
        left -= part
    return given


def shortfall(*, planned: Decimal, aim: Decimal | None, held: Decimal) -> Decimal:
    """Dollars a symbol still lacks: never more than was planned. `aim`: what it should be worth; `held`: what it is."""
    return planned if aim is None else max(ZERO, min(planned, aim - held))
