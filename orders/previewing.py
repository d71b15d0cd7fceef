"""What would the gate say now? The very same road as placing, undone before it is committed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from orders.placing import place
from orders.types import OrderIntent


@dataclass(frozen=True, kw_only=True)
class OrderPreview:
    """The order as it would be placed. `state`: queued, awaiting_approval, blocked; `checks`: every check's answer."""

    symbol: str
    side: str
    order_type: str
    quantity: Decimal | None
    notional: Decimal | None
    limit_price: Decimal | None
    decision_price: Decimal | None
    state: str
    reason_code: str
    reason: str
    checks: list[dict[str, Any]]


def preview_order(intent: OrderIntent, *, now: datetime) -> OrderPreview:
    """Place the order, look at it, and roll back: nothing is written, nobody is told. Raises what `place` raises."""
    with transaction.atomic():
        order = place(intent, now=now)
        transaction.set_rollback(True)
    return OrderPreview(
        symbol=order.instrument_id,
        side=order.side,
        order_type=order.order_type,
        quantity=order.quantity,
        notional=order.notional,
        limit_price=order.limit_price,
        decision_price=order.decision_price,
        state=order.state,
        reason_code=order.reason_code,
        reason=order.reason,
        checks=order.verdict,
    )
