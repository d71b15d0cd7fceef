"""One order before the gate: what every check is given, and the words it answers with. Plain Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.money import HUNDRED, ZERO, plain
from safety.book import Book, book_of
from safety.sizing import worst_price_of
from safety.types import CheckResult, InstrumentView, Outcome, PolicyView, ProposedOrder, QuoteView, Snapshot

SIDES = ("buy", "sell")
CODE_OF_FAILURE = "GATE_ERROR"


class MissingInput(Exception):
    """A check cannot be made without this. The gate denies: the text is for people."""


class Case:
    """An order, what it is judged against, and the numbers more than one check needs."""

    __slots__ = ("available", "book", "held", "order", "policy", "quote", "reduces", "snapshot", "worst")

    def __init__(self, order: ProposedOrder, snapshot: Snapshot) -> None:
        if order.side not in SIDES:
            raise MissingInput(f"An order buys or sells; {order.side!r} is neither.")
        self.order = order
        self.snapshot = snapshot
        self.policy: PolicyView = snapshot.policy
        self.book: Book = book_of(snapshot)
        self.quote: QuoteView | None = snapshot.quotes.get(order.symbol)
        self.worst: Decimal | None = worst_price_of(order, snapshot)
        self.held: Decimal = snapshot.positions.get(order.symbol, ZERO)
        self.available: Decimal = self.held - self.book.flight(order.symbol).sells  # shares that may still be sold
        self.reduces: bool = (
            order.side == "sell" and order.quantity.is_finite() and ZERO < order.quantity <= self.available
        )

    @property
    def instrument(self) -> InstrumentView | None:
        return self.snapshot.instruments.get(self.order.symbol)

    @property
    def notional(self) -> Decimal:
        """What the order may come to in dollars, at the worse of quote and limit."""
        if self.worst is None:
            raise MissingInput(f"{self.order.symbol} has no price, so the order's size in dollars is unknown.")
        return self.order.quantity * self.worst

    @property
    def equity(self) -> Decimal:
        """What the portfolio is worth in dollars."""
        if self.snapshot.equity is None:
            symbols = ", ".join(self.book.unpriced) or "a holding"
            raise MissingInput(f"The portfolio cannot be valued: {symbols} has no price. Wait for its quote.")
        return self.snapshot.equity

    def share_of_equity(self, percent: Decimal) -> Decimal:
        """`percent` of the equity, in dollars."""
        return self.equity * percent / HUNDRED


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check of the gate.

    `waived_when_reducing`: an order that shrinks a position skips it, so that stops still work after a loss limit.
    `judge` answers with `passed`, `denied` or `needs_approval`; if it raises, the gate denies with GATE_ERROR.
    """

    name: str
    codes: tuple[str, ...]
    judge: Callable[[Case], CheckResult]
    waived_when_reducing: bool = False


def passed(check: str, **values: str) -> CheckResult:
    return CheckResult(check=check, outcome=Outcome.PASS, values=values)


def skipped(check: str, message: str) -> CheckResult:
    """The check does not apply to this order."""
    return CheckResult(check=check, outcome=Outcome.SKIPPED, message=message)


def denied(check: str, code: str, message: str, **values: Any) -> CheckResult:
    """`message` says what is wrong, with the values, and what to do."""
    return CheckResult(check=check, outcome=Outcome.DENY, code=code, message=message, values=_texts(values))


def needs_approval(check: str, code: str, message: str, **values: Any) -> CheckResult:
    return CheckResult(check=check, outcome=Outcome.NEEDS_APPROVAL, code=code, message=message, values=_texts(values))


def money(amount: Decimal) -> str:
    """$1,234.50"""
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"


def percent(value: Decimal) -> str:
    """12.4 %: at most two places, rounded so that a value beyond its limit never reads as equal to it by much."""
    return f"{plain(round(value, 2))} %"


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: plain(v) if isinstance(v, Decimal) and v.is_finite() else str(v) for name, v in values.items()}
