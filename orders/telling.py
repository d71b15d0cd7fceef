"""What people and pages are told about orders. Written in the transaction of what it tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from common.enqueue import nudge
from common.money import cents, dollars, plain
from live.push import Announcement, announce_many
from orders.models import Order, Source
from orders.states import TERMINAL, OrderState

S = OrderState


def describe(order: Order) -> str:
    """'Buy 10 AAPL', 'Sell 5 MSFT at 410 or better'."""
    size = plain(order.quantity) if order.quantity else f"{dollars(order.notional)} of" if order.notional else "some"
    text = f"{order.get_side_display()} {size} {order.instrument_id}"
    if order.stop_price:
        text += f" from {plain(order.stop_price)}"
    if order.limit_price:
        text += f" at {plain(order.limit_price)} or better"
    return text


def announce_orders(orders: Iterable[Order], *, user_id: int, now: datetime) -> None:
    """Push the orders' new states to the open pages."""
    announce_many(
        [
            Announcement(
                user_id=user_id,
                topic="orders",
                kind=f"order.{order.state}",
                payload=payload(order),
                trace_id=order.trace_id,
            )
            for order in orders
        ],
        now,
    )


def payload(order: Order) -> dict[str, Any]:
    """An order as the sockets show it."""
    return {
        "id": str(order.pk),
        "portfolio": str(order.portfolio_id),
        "symbol": order.instrument_id,
        "side": order.side,
        "order_type": order.order_type,
        "quantity": plain(order.quantity) if order.quantity is not None else None,
        "filled_quantity": plain(order.filled_quantity),
        "average_price": plain(order.average_price) if order.average_price is not None else None,
        "state": str(order.state),
        "reason_code": order.reason_code,
        "reason": order.reason,
    }


def ask_for_approval(orders: Iterable[Order], *, user_id: int, now: datetime) -> None:
    """One alert per order that waits for a person."""
    raise_alerts(
        [
            _alert(
                order,
                user_id,
                Alert.Kind.APPROVAL,
                f"Approve? {describe(order)}",
                f"{order.reason} It expires at {order.expires_at:%H:%M:%S} UTC.",
                Alert.Severity.WARNING,
            )
            for order in orders
        ],
        now,
    )


def tell_ends(orders: Iterable[Order], *, user_id: int, now: datetime) -> None:
    """One alert per order that came to its end and the person would want to know; and the rule behind it is settled."""
    ended = [order for order in orders if OrderState(order.state) in TERMINAL]
    raise_alerts([alert for order in ended if (alert := _end(order, user_id))], now)
    settle(ended)


def settle(orders: Iterable[Order]) -> None:
    """Nudge the rules and rebalance runs behind these orders to look at what became of them."""
    orders = list(orders)
    runs = sorted({order.source_id for order in orders if order.source_kind == Source.REBALANCE_RUN})
    if runs:
        nudge("automation.rebalance", queue="trading", run_ids=runs)
    sources = sorted({order.source_id for order in orders if order.source_kind == Source.ACTION_EXECUTION})
    if sources:
        nudge("automation.settle", queue="trading", source_ids=sources)


def _end(order: Order, user_id: int) -> NewAlert | None:
    if order.filled_quantity:
        part = (
            "" if order.filled_quantity == order.quantity else f" of {plain(order.quantity or order.filled_quantity)}"
        )
        verb = "Bought" if order.side == "buy" else "Sold"
        title = f"{verb} {plain(order.filled_quantity)}{part} {order.instrument_id} at {_price(order)}"
        note = "" if not part else f"The rest was {OrderState(order.state).label.lower()}. {order.reason}".strip()
        return _alert(order, user_id, Alert.Kind.FILL, title, note, Alert.Severity.INFO)
    what = describe(order)
    if order.state == S.REJECTED:
        return _alert(order, user_id, Alert.Kind.REJECTED, f"Rejected by the broker: {what}", order.reason)
    if order.state == S.NOT_ACCEPTED:
        return _alert(order, user_id, Alert.Kind.FAILURE, f"Never reached the broker: {what}", order.reason)
    if order.state == S.EXPIRED:
        return _alert(order, user_id, Alert.Kind.EXPIRED, f"Expired: {what}", order.reason)
    if order.state == S.BLOCKED and order.attempts:
        # Blocked at submission: whoever placed it was told "queued" and has gone.
        return _alert(order, user_id, Alert.Kind.BLOCKED, f"Blocked: {what}", order.reason)
    return None


def _price(order: Order) -> str:
    price = order.average_price or order.filled_value / order.filled_quantity
    return f"{cents(price)}" if price >= 1 else plain(price)


def _alert(
    order: Order, user_id: int, kind: str, title: str, body: str, severity: str = Alert.Severity.WARNING
) -> NewAlert:
    return NewAlert(
        user_id=user_id,
        kind=kind,
        title=title,
        body=body,
        severity=severity,
        symbol=order.instrument_id,
        data={"order": str(order.pk), "source_kind": order.source_kind, "source_id": order.source_id},
        dedupe_key=f"order:{order.pk}:{kind}",
        trace_id=order.trace_id,
    )
