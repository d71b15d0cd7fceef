"""Take over what the broker says about an order, without ever going back: a late "new" never undoes "filled"."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from brokers.port import BrokerOrder, BrokerStatus
from orders.models import Order
from orders.moving import Move, move_many
from orders.states import TERMINAL, OrderState, may_become
from orders.telling import announce_orders, tell_ends

S = OrderState
STATE_OF = {
    BrokerStatus.ACCEPTED: S.ACCEPTED,
    BrokerStatus.PARTIALLY_FILLED: S.PARTIALLY_FILLED,
    BrokerStatus.FILLED: S.FILLED,
    BrokerStatus.CANCELLED: S.CANCELLED,
    BrokerStatus.EXPIRED: S.EXPIRED,
    BrokerStatus.REJECTED: S.REJECTED,
    BrokerStatus.REPLACED: S.REPLACED,
}


def state_after_fill(order: Order) -> OrderState:
    """The state that follows from `filled_quantity`; the same state when the order had ended before."""
    old = OrderState(order.state)
    if old in TERMINAL:
        return old
    return S.FILLED if order.quantity is not None and order.filled_quantity >= order.quantity else S.PARTIALLY_FILLED


def state_from_broker(order: Order, found: BrokerOrder) -> OrderState:
    """The state our order takes when the broker shows `found`; its own state when that is no step forward.

    Fills are booked from executions alone: "filled" at the broker before its executions arrived is "partially filled"
    or "accepted" here, and the executions finish it. A final state waits until every execution is booked, so that
    what was filled before a cancel is in the ledger when the person reads "cancelled".
    """
    old, new = OrderState(order.state), STATE_OF[found.status]
    if old in TERMINAL:
        return old
    booked = order.filled_quantity
    if booked < found.filled_quantity or new in (S.FILLED, S.PARTIALLY_FILLED):
        new = S.PARTIALLY_FILLED if booked else S.ACCEPTED
    elif new == S.ACCEPTED and booked:
        new = S.PARTIALLY_FILLED
    return new if may_become(old, new) else old


def merge(order: Order, found: BrokerOrder, *, now: datetime, raw: dict[str, Any] | None = None) -> Move:
    """Write the broker's facts into the row object and say which step follows."""
    to = state_from_broker(order, found)
    order.broker_order_id = found.broker_order_id
    order.accepted_at = order.accepted_at or found.accepted_at
    order.raw = dict(found.raw) if raw is None else raw
    order.not_before = order.lease_until = order.lease_token = None
    if to in (S.REJECTED, S.CANCELLED, S.EXPIRED) and found.reason:
        order.reason_code, order.reason = order.reason_code or "BROKER", found.reason[:400]
    if to in TERMINAL:
        order.closed_at = found.closed_at or now
    return Move(order=order, to=to, note=found.reason or f"broker: {found.status}")


def adopt(order: Order, found: BrokerOrder, *, user_id: int, now: datetime) -> bool:
    """Bring one order up to what the broker shows, under its row lock. Returns whether its state changed."""
    before = order.state
    step = merge(order, found, now=now)
    if not move_many([step], now=now) or order.state == before:
        return False
    announce_orders([order], user_id=user_id, now=now)
    tell_ends([order], user_id=user_id, now=now)
    return True
