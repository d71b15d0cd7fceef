"""The paper broker's rows in the port's words."""

from __future__ import annotations

from brokers.models import PaperFill, PaperOrder
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


def fill(row: PaperFill) -> BrokerFill:
    """A row, with its order loaded, as the port's execution."""
    return BrokerFill(
        execution_id=str(row.execution_id),
        client_order_id=row.order.client_order_id,
        broker_order_id=str(row.order_id),
        symbol=row.order.instrument_id,
        side=row.order.side,
        quantity=row.quantity,
        price=row.price,
        fee=row.fee,
        at=row.at,
        cursor=str(row.pk),
    )
