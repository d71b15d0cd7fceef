"""What every broker can do, in one vocabulary. `orders` is the only room that opens this port."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, TypeGuard, runtime_checkable

from safety.gate import ApprovedOrder, is_genuine


class BrokerError(Exception):
    """The one error of every adapter.

    `permanent`: the broker refused this order; sending it again cannot help.
    `ambiguous`: the order may or may not have been taken: look it up by its client order id before anything else.
    Neither: it was not taken, and a later attempt may succeed (rate limit, connection refused).
    """

    def __init__(self, message: str, *, permanent: bool = False, ambiguous: bool = False, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.code = code


class BrokerStatus(enum.StrEnum):
    """The state of an order as the broker tells it."""

    ACCEPTED = "accepted"  # working, nothing filled
    PARTIALLY_FILLED = "partially_filled"  # working
    FILLED = "filled"  # final
    CANCELLED = "cancelled"  # final, perhaps partly filled
    EXPIRED = "expired"  # final: the time in force ended
    REJECTED = "rejected"  # final: refused after it had been taken
    REPLACED = "replaced"  # final: another order took its place


WORKING = frozenset({BrokerStatus.ACCEPTED, BrokerStatus.PARTIALLY_FILLED})


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerOrder:
    """An order at the broker: shares, and dollars per share. `average_price` is None until something filled."""

    broker_order_id: str
    client_order_id: str
    symbol: str
    side: str
    order_type: str
    time_in_force: str
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    filled_quantity: Decimal
    average_price: Decimal | None
    status: BrokerStatus
    accepted_at: datetime
    closed_at: datetime | None = None
    reason: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerFill:
    """One execution. `execution_id` never repeats; `fills_since(cursor)` gives the ones after it."""

    execution_id: str
    client_order_id: str
    broker_order_id: str
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: datetime
    cursor: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerAccountState:
    """Money at the broker. `blocked_reason` is empty when the account may trade."""

    cash: Decimal
    currency: str = "USD"
    blocked_reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerPosition:
    """Shares of one symbol at the broker."""

    symbol: str
    quantity: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerAsset:
    """What the broker lets one do with a symbol."""

    symbol: str
    active: bool
    tradable: bool
    fractionable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokerClock:
    """The broker's time."""

    at: datetime


@runtime_checkable
class Broker(Protocol):
    """One account at one broker. Every method may raise BrokerError and nothing else for what the broker does.

    `local`: the broker lives in our own database, so its answer commits or rolls back together with our record of it.
    """

    local: bool

    def account(self) -> BrokerAccountState:
        """Cash and whether trading is allowed."""

    def positions(self) -> Sequence[BrokerPosition]:
        """Everything held, quantities other than zero."""

    def open_orders(self) -> Sequence[BrokerOrder]:
        """Every working order, whoever placed it."""

    def submit(self, order: ApprovedOrder) -> BrokerOrder:
        """Send an order. A second submit under the same client order id returns the first order."""

    def cancel(self, broker_order_id: str) -> BrokerOrder:
        """Cancel what is left; an order that is already closed is returned as it is."""

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """The order under our id; None only when the broker is sure that it has none."""

    def fills_since(self, cursor: str) -> Sequence[BrokerFill]:
        """Executions after `cursor` ('' is from the beginning), oldest first, possibly only the first page."""

    def clock(self) -> BrokerClock:
        """The broker's time."""

    def asset(self, symbol: str) -> BrokerAsset | None:
        """What may be done with a symbol; None when the broker does not know it."""


class LocalBroker(Broker, Protocol):
    """A broker in our own database: orders of one account can be sent as one batch."""

    def submit_many(self, orders: Sequence[ApprovedOrder]) -> Sequence[BrokerOrder | BrokerError]:
        """Send a batch; the answers are in the order of `orders`."""

    def cancel_many(self, broker_order_ids: Sequence[str]) -> Sequence[BrokerOrder]:
        """Cancel what is left of these orders; those already closed are returned as they are."""


def is_local(broker: Broker) -> TypeGuard[LocalBroker]:
    """Whether the broker commits with us."""
    return broker.local


def require_approved(order: object) -> ApprovedOrder:
    """Refuse anything the gate has not approved. Raises TypeError: it is a bug, never an answer to a user."""
    if not isinstance(order, ApprovedOrder) or not is_genuine(order):
        raise TypeError(f"a broker takes only what safety.gate approved, not {type(order).__name__}")
    return order
