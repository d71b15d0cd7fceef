"""What the sweeper does for orders: everything a lost nudge or a dead worker left behind. Works without Redis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from brokers.models import BrokerAccount, PaperOrder
from orders import fills
from orders.claiming import due
from orders.expiring import expire
from orders.matching import match_paper
from orders.models import Order
from orders.states import AT_BROKER, OrderState
from orders.submitting import submit_many

GRACE = timedelta(seconds=1)  # what was queued just now is left to the nudged worker
BATCH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Swept:
    """How many orders each step touched."""

    expired: int
    submitted: int
    matched: int
    polled: int


def sweep(now: datetime) -> Swept:
    """One pass: expiries and day orders' ends, submissions and look-ups that are due, paper matching, fills."""
    return Swept(
        expired=expire(now=now), submitted=submit_left_behind(now), matched=match_paper(now=now), polled=poll(now)
    )


def submit_left_behind(now: datetime) -> int:
    """Submit what no worker took: queued for more than a second, a dead worker's, look-ups whose wait is over."""
    left = due(now).exclude(state=OrderState.QUEUED, created_at__gt=now - GRACE)
    ids = list(left.order_by("created_at").values_list("pk", flat=True)[:BATCH])
    if ids:
        submit_many(ids, now=now)
    return len(ids)


def poll(now: datetime) -> int:
    """Take over what the embedded broker did and we did not book. It books at once, so this finds something only
    after a crash; a remote broker has its own poller."""
    theirs = PaperOrder.objects.filter(client_order_id=OuterRef("client_order_id"))
    ahead = theirs.filter(Q(closed_at__isnull=False) | Q(filled_quantity__gt=OuterRef("filled_quantity")))
    behind = Order.objects.filter(Exists(ahead), state__in=AT_BROKER).values("account")
    return sum(fills.poll_account(account, now=now) for account in BrokerAccount.objects.filter(pk__in=behind))
