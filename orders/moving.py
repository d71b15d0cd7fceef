"""The one way an order changes its state. Each move leaves an OrderTransition; a database trigger says no as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db import connection

from common.bulk import array, cast_to_array, column, insert_columns, quoted, texts
from common.errors import Conflict
from orders.auditing import ENGINE, Step, audit
from orders.models import Order, OrderTransition
from orders.states import TERMINAL, OrderState, may_become

# What may change after an order was placed. A bulk statement writes them all: callers hold the rows' lock.
MUTABLE = (
    "state",
    "reason_code",
    "reason",
    "expires_at",
    "not_before",
    "lease_until",
    "lease_token",
    "attempts",
    "approved_by",
    "approved_at",
    "broker_order_id",
    "filled_quantity",
    "filled_value",
    "average_price",
    "submitted_at",
    "accepted_at",
    "closed_at",
    "raw",
)
# What the gate or a person decided, written only by those who changed it: the verdict is long.
DECIDED = ("verdict", "policy_version", "asked", "approval_hash", "approval_note")


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A step of one order. `order` carries the new values of the other columns already; its `state` is the old one."""

    order: Order
    to: OrderState
    note: str = ""
    lease_token: UUID | None = None  # write only if the order is still under this lease
    actor: str = ENGINE  # who is behind it, for the audit log


def move(order: Order, to: OrderState, *, now: datetime, note: str = "") -> None:
    """Take one order to `to`. Raises Conflict when its state does not allow it or another process was faster."""
    if not move_many([Move(order=order, to=to, note=note)], now=now):
        raise Conflict(f"Order {order.id} was changed by someone else at this moment: load it again.")


def move_many(moves: Sequence[Move], *, now: datetime, verdicts: bool = False) -> list[Order]:
    """Take every order to its new state in two statements; returns those that moved.

    An order whose row is no longer in the state it was read in, or no longer under its lease, stays as it is: its
    new owner decides. `to` equal to the state saves the other columns without a transition. Raises Conflict for a
    step the state machine does not know.
    """
    steps = []
    for step in moves:
        old = OrderState(step.order.state)
        if step.to != old and not may_become(old, step.to):
            raise Conflict(f"Order {step.order.id} is {old.label.lower()} and cannot become {step.to.label.lower()}.")
        steps.append((step, old))
        step.order.state = step.to
        if step.to in TERMINAL:
            step.order.lease_until = step.order.lease_token = step.order.not_before = None
            step.order.closed_at = step.order.closed_at or now
    if not steps:
        return []
    written = _write([(s.order, old, s.lease_token) for s, old in steps], verdicts=verdicts)
    record(
        [
            Step(order=s.order, old=old, new=s.to, note=s.note, actor=s.actor)
            for s, old in steps
            if s.to != old and s.order.pk in written
        ],
        now=now,
    )
    for s, old in steps:
        if s.order.pk not in written:
            s.order.state = old
    return [s.order for s, _ in steps if s.order.pk in written]


def record(steps: Sequence[Step], *, now: datetime) -> None:
    """Leave a transition per step, for people and in the audit log."""
    insert_columns(
        OrderTransition,
        {
            "order_id": [step.order.pk for step in steps],
            "at": [now] * len(steps),
            "from_state": [step.old for step in steps],
            "to_state": [step.new for step in steps],
            "note": [step.note[:400] for step in steps],
        },
    )
    audit(steps, now=now)


@lru_cache(maxsize=2)
def _statement(columns: tuple[str, ...]) -> str:
    fields = [column(Order, name) for name in columns]
    return (
        f"UPDATE {Order._meta.db_table} AS o SET "
        + ", ".join(f"{quoted(field)} = v.{quoted(field)}" for field in fields)
        + " FROM unnest(%s::uuid[], %s::text[], %s::uuid[], "
        + ", ".join(cast_to_array(field) for field in fields)
        + ") AS v(order_id, old_state, held_lease, "
        + ", ".join(quoted(field) for field in fields)
        + ") WHERE o.id = v.order_id AND o.state = v.old_state"
        + " AND (v.held_lease IS NULL OR o.lease_token = v.held_lease) RETURNING o.id"
    )


def _write(rows: Sequence[tuple[Order, OrderState, UUID | None]], *, verdicts: bool) -> set[UUID]:
    columns = (*MUTABLE, *DECIDED) if verdicts else MUTABLE
    values = [array(column(Order, name), (getattr(order, name) for order, _, _ in rows)) for name in columns]
    keys = [texts(order.pk for order, _, _ in rows), texts(old for _, old, _ in rows), texts(t for _, _, t in rows)]
    with connection.cursor() as cursor:
        cursor.execute(_statement(columns), [*keys, *values])
        return {row[0] for row in cursor.fetchall()}
