"""The paper broker's rows in the port's words."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from brokers.models import PaperOrder
from brokers.port import BrokerFill, BrokerOrder, BrokerStatus
from common.money import nano


def order(row: PaperOrder) -> BrokerOrder:
    """A row as the port's order."""
    average = nano(row.filled_value / row.filled_quantity) if row.filled_quantity else None
    return BrokerOrder(
        broker_order_id=str(row.pk),
        client_order_id=row.client_order_id,
        symbol=row.instrument_id,
        side=row.side,
        order_type=row.order_type,
        time_in_force=row.time_in_force,
        quantity=row.quantity,
        limit_price=row.limit_price,
        stop_price=row.stop_price,
        filled_quantity=row.filled_quantity,
        average_price=average,
        status=BrokerStatus(row.status),
        accepted_at=row.accepted_at,
        closed_at=row.closed_at,
        reason=REASONS.get(row.status, ""),
        raw={"broker": "paper", "status": row.status},
    )


REASONS: dict[str, str] = {
    PaperOrder.Status.CANCELLED.value: "Cancelled at the paper broker.",
    PaperOrder.Status.EXPIRED.value: "The session closed before the order was filled.",
}


FILL = (
    "execution_id", "order__client_order_id", "order_id", "order__instrument_id", "order__side", "quantity", "price",
    "fee", "at", "pk",
)  # fmt: skip


def fill(
    execution_id: UUID,
    client_order_id: str,
    order_id: UUID,
    symbol: str,
    side: str,
    quantity: Decimal,
    price: Decimal,
    fee: Decimal,
    at: datetime,
    pk: int,
) -> BrokerFill:
    """The values of FILL as the port's execution."""
    return BrokerFill(
        execution_id=str(execution_id),
        client_order_id=client_order_id,
        broker_order_id=str(order_id),
        symbol=symbol,
        side=side,
        quantity=quantity,
        price=price,
        fee=fee,
        at=at,
        cursor=str(pk),
    )
