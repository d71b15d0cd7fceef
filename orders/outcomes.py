"""Step D of submission: record what became of an order, as far as our lease on it still holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from brokers.port import BrokerOrder
from orders.claiming import Claim
from orders.crashpoints import crash_point
from orders.merging import merge
from orders.models import Order
from orders.moving import Move, move_many
from orders.placing import lock_portfolio
from orders.states import OrderState
from orders.telling import announce_orders, tell_ends

S = OrderState
LONGEST_WAIT = timedelta(seconds=30)
# An outcome writes its facts into the freshly read row and says which step follows.
Outcome = Callable[[Order, datetime], Move]


def accepted(found: BrokerOrder) -> Outcome:
    """The broker has it."""
    return lambda order, now: merge(order, found, now=now)


def ended(to: OrderState, code: str, reason: str) -> Outcome:
    """It came to its end without a trade."""

    def write(order: Order, now: datetime) -> Move:
        order.reason_code, order.reason = code, reason[:400]
        return Move(order=order, to=to, note=reason)

    return write


def unknown(reason: str) -> Outcome:
    """Nobody knows: look it up by its client order id, each time after a longer wait."""

    def write(order: Order, now: datetime) -> Move:
        order.not_before = now + back_off(order.attempts)
        order.lease_until = order.lease_token = None
        order.reason_code, order.reason = "OUTCOME_UNKNOWN", reason[:400]
        return Move(order=order, to=S.UNKNOWN, note=reason)

    return write


def back_off(attempts: int) -> timedelta:
    """1, 2, 4, 8, 16, 30, 30 … seconds."""
    return min(timedelta(seconds=2 ** min(max(attempts - 1, 0), 10)), LONGEST_WAIT)


def record(claim: Claim, order: Order, outcome: Outcome) -> bool:
    """Record a remote broker's answer; False when the lease is someone else's by now: then its owner resolves it."""
    with transaction.atomic():
        lock_portfolio(order.portfolio_id)
        fresh = still_ours(claim).filter(pk=order.pk).first()
        if fresh is None:
            return False
        now = claim.watch.now()
        apply(claim, [outcome(fresh, now)], now=now)
        crash_point("8_recording")
    crash_point("9_recorded")
    return True


def apply(claim: Claim, steps: list[Move], *, now: datetime) -> None:
    """Write the steps, guarded by the lease, and tell."""
    guarded = [Move(order=step.order, to=step.to, note=step.note, lease_token=claim.token) for step in steps]
    moved = move_many(guarded, now=now)
    announce_orders(moved, user_id=claim.portfolio.user_id, now=now)
    tell_ends(moved, user_id=claim.portfolio.user_id, now=now)


def still_ours(claim: Claim):  # type: ignore[no-untyped-def]
    """The claimed rows that are still under our lease, locked."""
    return (
        Order.objects.filter(state=S.SUBMITTING, lease_token=claim.token)
        .select_for_update(no_key=True)
        .order_by("created_at", "pk")
    )
