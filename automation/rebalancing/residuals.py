"""What a run left undone, to the dollar, and why. Plain Python.

For each leg, planned dollars = filled dollars + the residuals: what was sized differently, what did not fill, and what
filled at another price than planned with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.money import ZERO, plain

PRICE = "PRICE"  # filled, at another price: told, but nothing is left to do


@dataclass(frozen=True, kw_only=True, slots=True)
class LegEnd:
    """A leg as it ended. `planned` dollars as shown at the beginning; `quantity` at `price` was ordered.

    `sized_code` and `sized_reason`: why that is not what was planned. `state`, `code`, `reason`: of its order; without
    one, why there is none.
    """

    number: int
    symbol: str
    side: str
    planned: Decimal
    quantity: Decimal
    price: Decimal
    sized_code: str = ""
    sized_reason: str = ""
    state: str = ""
    code: str = ""
    reason: str = ""
    filled: Decimal = ZERO
    filled_value: Decimal = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class Residual:
    """Dollars of a leg that did not trade (negative: more than planned), and why: `code` for programs."""

    leg: int
    symbol: str
    side: str
    code: str
    amount: Decimal
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {
            "leg": self.leg,
            "symbol": self.symbol,
            "side": self.side,
            "code": self.code,
            "amount": plain(self.amount),
            "reason": self.reason,
        }


def residuals_of(legs: Iterable[LegEnd]) -> list[Residual]:
    """Every residual, in the order of the legs. Those of a leg add up to what was planned less what filled."""
    return [residual for leg in legs for residual in _of(leg) if residual.amount]


def whole(legs: Iterable[LegEnd], *, tolerance: Decimal) -> bool:
    """Whether it was done as planned: every order filled, and of no symbol was `tolerance` dollars less ordered."""
    short: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for leg in legs:
        if leg.filled != leg.quantity:
            return False
        short[leg.symbol, leg.side] += leg.planned - leg.quantity * leg.price
    return all(dollars <= max(tolerance, ZERO) for dollars in short.values())


def _of(leg: LegEnd) -> list[Residual]:
    ordered = leg.quantity * leg.price
    code, reason = _why_unfilled(leg)
    return [
        _residual(leg, leg.sized_code or "SIZED", leg.sized_reason or _RESIZED, leg.planned - ordered),
        _residual(leg, code, reason, (leg.quantity - leg.filled) * leg.price),
        _residual(leg, PRICE, _price(leg), leg.filled * leg.price - leg.filled_value),
    ]


_RESIZED = "its size was worked out anew with the price and the cash of the moment"


def _residual(leg: LegEnd, code: str, reason: str, amount: Decimal) -> Residual:
    return Residual(leg=leg.number, symbol=leg.symbol, side=leg.side, code=code, amount=amount, reason=reason)


_WORDS: Mapping[str, str] = {
    "blocked": "denied by the safety gate",
    "declined": "declined",
    "rejected": "rejected by the broker",
    "not_accepted": "it never reached the broker",
    "cancelled": "cancelled before it filled",
    "expired": "its time was over before it filled",
    "": "it was not ordered",
}


def _why_unfilled(leg: LegEnd) -> tuple[str, str]:
    words = _WORDS.get(leg.state, leg.state)
    part = f"; {plain(leg.filled)} of {plain(leg.quantity)} shares filled" if leg.filled else ""
    reason = f": {leg.reason}" if leg.reason else ""
    return leg.code or leg.state.upper() or "NOT_ORDERED", f"{words}{part}{reason}"


def _price(leg: LegEnd) -> str:
    if not leg.filled:
        return ""
    return f"filled at {plain(round(leg.filled_value / leg.filled, 4))} instead of {plain(round(leg.price, 4))}"
