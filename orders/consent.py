"""A person's yes to a whole batch of orders, such as a rebalance run: asked once, it covers orders up to its terms.

An order within the terms carries `approved_by` like one approved by itself; every other check of the gate is made all
the same. Only what was put before a person may make a `Consent`: see `automation.rebalancing.approving`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from common.money import HUNDRED
from orders.asking import begin_to_wait
from orders.models import Order
from safety.types import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """What was agreed to for one order, by its idempotency key: at most `amount` dollars, when it was at `price`."""

    symbol: str
    side: str
    amount: Decimal
    price: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent:
    """Who said yes, when, to which orders of one source, and until when it counts.

    `collar_pct`: percent by which price and amount may differ from the terms.
    """

    source_kind: str
    source_id: str
    by: str
    at: datetime
    until: datetime
    collar_pct: Decimal
    terms: Mapping[str, Term]

    def covers(self, order: Order, now: datetime) -> bool:
        """Whether this very order was agreed to. It must have its quantity and decision price."""
        term = self.terms.get(order.idempotency_key)
        if term is None or order.quantity is None or order.decision_price is None or now > self.until:
            return False
        if (order.source_kind, order.source_id) != (self.source_kind, self.source_id):
            return False
        if (order.instrument_id, order.side, order.order_type) != (term.symbol, term.side, "market"):
            return False
        room = self.collar_pct / HUNDRED
        moved = abs(order.decision_price - term.price) <= term.price * room
        return moved and order.quantity * order.decision_price <= term.amount * (1 + room)

    def give(self, order: Order, snapshot: Snapshot) -> None:
        """Write the approval into the order, with what the person's yes is held to at submission."""
        order.approved_by, order.approved_at = self.by[:80], self.at
        order.approval_note = "approved with the whole run"
        begin_to_wait(order, snapshot)
