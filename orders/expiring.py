"""Orders whose time is over: never sent too late, and day orders end with the session."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from brokers.adapters.paper import matching
from orders import fills
from orders.models import Order
from orders.moving import Move, move_many
from orders.placing import lock_portfolio
from orders.states import OrderState
from orders.telling import announce_orders, tell_ends

S = OrderState
REASONS = {
    S.AWAITING_APPROVAL: ("APPROVAL_EXPIRED", "Nobody approved it in time."),
    S.QUEUED: ("ORDER_EXPIRED", "It was not sent in time, so it was not sent at all."),
}


def expire(*, now: datetime) -> int:
    """End what is past its time: orders not sent or approved in time, and day orders at the paper broker."""
    late = Order.objects.filter(state__in=REASONS, expires_at__lte=now)
    ended = sum(
        _expire_in(portfolio_id, now=now)
        for portfolio_id in late.values_list("portfolio_id", flat=True).distinct().order_by("portfolio_id")
    )
    for account in matching.accounts_with_expired_orders(now=now):
        with transaction.atomic():
            lock_portfolio(account.portfolio_id)
            matching.expire_orders(account, now=now)
        ended += fills.poll_account(account, now=now)
    return ended


def _expire_in(portfolio_id: UUID, *, now: datetime) -> int:
    with transaction.atomic():
        portfolio, _ = lock_portfolio(portfolio_id)
        rows = Order.objects.filter(portfolio=portfolio, state__in=REASONS, expires_at__lte=now)
        orders = list(rows.select_for_update(no_key=True).order_by("created_at", "pk"))
        for order in orders:
            order.reason_code, order.reason = REASONS[OrderState(order.state)]
        moved = move_many([Move(order=o, to=S.EXPIRED, note=o.reason) for o in orders], now=now)
        announce_orders(moved, user_id=portfolio.user_id, now=now)
        tell_ends(moved, user_id=portfolio.user_id, now=now)
    return len(moved)
