"""Step A of submission: claim orders under the portfolio's lock, judge them again, commit before any wire."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from brokers.models import BrokerAccount
from brokers.port import Broker
from brokers.registry import broker_for
from orders import snapshot as snapshots
from orders.asking import begin_to_wait, other_terms
from orders.crashpoints import crash_point
from orders.judging import Judge
from orders.models import Order
from orders.moving import Move, move_many
from orders.placing import lock_portfolio, record
from orders.states import OrderState
from orders.stopwatch import Stopwatch
from orders.telling import announce_orders, ask_for_approval, tell_ends
from orders.types import APPROVAL_LIFETIME
from portfolios.models import Portfolio
from safety import switch
from safety.gate import ApprovedOrder
from safety.types import Snapshot, Verdict

S = OrderState
LEASE = timedelta(seconds=30)
SEND_WITHIN = timedelta(seconds=20)  # of the claim: well before the lease may become someone else's
LOCAL_CHUNK = 200  # one transaction of an embedded broker; a remote broker gets one order per claim


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """One order under our lease. `approved` is None when the gate denies it now: then it may only be looked up."""

    order: Order
    approved: ApprovedOrder | None
    sent_before: bool  # it was submitting or unknown: it may be at the broker already


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Orders of one account under one lease."""

    portfolio: Portfolio
    account: BrokerAccount
    broker: Broker
    token: UUID
    watch: Stopwatch
    orders: tuple[Claimed, ...]

    def too_old(self) -> bool:
        """Whether nothing may be sent under this claim any more."""
        return self.watch.elapsed() > SEND_WITHIN


def due(now: datetime) -> QuerySet[Order]:
    """Orders that wait for a submitter: queued, left behind by a dead one, or unknown and due for a look-up."""
    waited = Q(not_before=None) | Q(not_before__lte=now)
    left = Q(lease_until=None) | Q(lease_until__lte=now)
    return Order.objects.filter(waited, Q(state=S.QUEUED) | Q(state__in=[S.SUBMITTING, S.UNKNOWN]) & left)


def claim_next(
    *,
    now: datetime,
    portfolio_ids: Collection[UUID] | None = None,
    order_ids: Collection[UUID] | None = None,
    wait: bool = False,
) -> Claim | None:
    """Claim due orders of one portfolio; None when nothing is left.

    A portfolio that somebody else is working on is passed over, or waited for with `wait`. A claim may hold no order:
    then what was due has expired, was denied or was sent meanwhile, and is recorded as such.
    """
    waiting = due(now)
    if order_ids is not None:
        waiting = waiting.filter(pk__in=order_ids)
    candidates = Portfolio.objects.filter(Exists(waiting.filter(portfolio=OuterRef("pk"))))
    if portfolio_ids is not None:
        candidates = candidates.filter(pk__in=portfolio_ids)
    with transaction.atomic():
        locked = candidates.select_for_update(no_key=True, skip_locked=not wait)
        found = locked.order_by("pk").values_list("pk", flat=True)
        portfolio_id = found.first()
        if portfolio_id is None:
            return None
        portfolio, account = lock_portfolio(portfolio_id)
        watch = Stopwatch(now)
        broker = broker_for(account, clock=watch.now)
        rows = waiting.filter(portfolio=portfolio).select_for_update(no_key=True).defer("verdict", "facts")
        orders = list(rows.order_by("created_at", "pk")[: LOCAL_CHUNK if broker.local else 1])
        token = uuid4()
        claimed = _judge_all(portfolio, account, orders, token, now)
        crash_point("3_claiming")
    return Claim(portfolio=portfolio, account=account, broker=broker, token=token, watch=watch, orders=claimed)


def _judge_all(
    portfolio: Portfolio, account: BrokerAccount, orders: list[Order], token: UUID, now: datetime
) -> tuple[Claimed, ...]:
    late = [order for order in orders if order.state == S.QUEUED and order.expires_at <= now]
    live = [order for order in orders if order not in late]
    for order in late:
        order.reason_code, order.reason = "ORDER_EXPIRED", "It was not sent in time, so it was not sent at all."
    stopped = [Move(order=order, to=S.EXPIRED, note=order.reason) for order in late]
    going: list[Move] = []
    claimed: list[Claimed] = []
    if live:
        symbols = {order.instrument_id for order in live}
        switches = switch.load(portfolio.user_id)
        ids = [order.pk for order in live]
        taken = snapshots.take(portfolio, account, symbols=symbols, switches=switches, now=now, exclude=ids)
        judge = Judge(taken, switches, user_id=portfolio.user_id)
        for order in live:
            sent_before = order.state != S.QUEUED
            verdict, approved = judge.judge(order)
            if order.approved_by and (tampered := other_terms(order)):
                verdict, approved = replace(verdict, results=(tampered, *verdict.results)), None
            order.attempts += 1
            if approved is None and not sent_before:
                stopped.append(_stop(order, verdict, taken, now))
                continue
            order.lease_token, order.lease_until, order.not_before = token, now + LEASE, None
            order.submitted_at = order.submitted_at or now
            going.append(Move(order=order, to=S.SUBMITTING, note="look up" if sent_before else "gate passed again"))
            claimed.append(Claimed(order=order, approved=approved, sent_before=sent_before))
    move_many(going, now=now)
    ended = move_many(stopped, now=now, verdicts=True)
    ask_for_approval((o for o in ended if o.state == S.AWAITING_APPROVAL), user_id=portfolio.user_id, now=now)
    announce_orders(ended, user_id=portfolio.user_id, now=now)
    tell_ends(ended, user_id=portfolio.user_id, now=now)
    return tuple(claimed)


def _stop(order: Order, verdict: Verdict, taken: Snapshot, now: datetime) -> Move:
    """The binding run of the gate decided otherwise than the one at placement."""
    to = record(order, verdict)
    if to == S.AWAITING_APPROVAL:
        order.expires_at = now + APPROVAL_LIFETIME
        begin_to_wait(order, taken)
    return Move(order=order, to=to, note=order.reason)
