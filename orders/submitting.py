"""Send queued orders to their brokers: each at most once, whatever dies in between.

A  claim under the portfolio's lock, judge again, mark submitting under a lease, commit        (`claiming`)
B  was it sent before? look it up by its client order id and adopt what is found
C  read the kill switch once more, then send
D  record the outcome, if the lease is still ours                                               (`outcomes`)

A remote broker is asked outside any transaction. An embedded one lives in this database: C and D of a whole batch are
one transaction under the switches' share lock, so that order, fills and ledger commit together or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from brokers.models import BrokerAccount
from brokers.port import BrokerError, BrokerOrder, LocalBroker, is_local
from orders import fills, outcomes
from orders.claiming import Claim, Claimed, claim_next
from orders.crashpoints import crash_point
from orders.judging import view_of
from orders.merging import merge
from orders.models import Order, Side
from orders.moving import Move, move_many
from orders.outcomes import Outcome
from orders.placing import lock_portfolio
from orders.states import OrderState
from orders.stopwatch import Stopwatch
from orders.telling import announce_orders, tell_ends
from portfolios.models import Portfolio
from safety import switch
from safety.checks.trading_state import BY_HAND
from safety.switch import Switches

S = OrderState
log = logging.getLogger(__name__)


def submit_many(order_ids: Collection[UUID], *, now: datetime, wait: bool = False) -> None:
    """Send these orders, as far as they wait to be sent. `wait`: also those whose portfolio is busy this moment."""
    watch = Stopwatch(now)
    while claim := claim_next(now=watch.now(), order_ids=order_ids, wait=wait):
        send(claim)


def submit_once(order_ids: Collection[UUID], *, now: datetime) -> None:
    """Claim these orders once: those that stay unknown are left for their next look-up."""
    watch, left = Stopwatch(now), set(order_ids)
    while left and (claim := claim_next(now=watch.now(), order_ids=left)):
        left -= {claimed.order.pk for claimed in claim.orders}
        send(claim)


def submit_waiting(*, now: datetime, limit: int, portfolio_ids: Collection[UUID] | None = None) -> int:
    """Send what waits, about `limit` orders at most, one portfolio at a time. Returns how many were claimed."""
    watch, done = Stopwatch(now), 0
    while done < limit and (claim := claim_next(now=watch.now(), portfolio_ids=portfolio_ids)):
        send(claim)
        done += max(len(claim.orders), 1)
    return done


def send(claim: Claim) -> None:
    """Steps B to D for a claim."""
    crash_point("4_claimed")
    if not claim.orders:
        return
    if is_local(claim.broker):
        _send_batch(claim, claim.broker)
        return
    for claimed in claim.orders:
        _send_one(claim, claimed)
    fills.poll_executions(claim.account, claim.broker, now=claim.watch.now())


# --- A broker in our own database: one transaction per batch ---------------------------------------------------------
def _send_batch(claim: Claim, broker: LocalBroker) -> None:
    with transaction.atomic():
        transaction.on_commit(partial(crash_point, "9_recorded"))  # first of all: before any nudge or push
        switches = _read_switches(claim)
        portfolio, account = lock_portfolio(claim.portfolio.pk)
        # Under our lease nobody else writes them, so the rows need a lock, not another look.
        ours = set(outcomes.still_ours(claim).values_list("pk", flat=True))
        now = claim.watch.now()
        steps: list[Move] = []
        going: list[tuple[Order, Claimed]] = []
        for claimed in claim.orders:
            order = claimed.order
            if order.pk not in ours:
                continue
            found = broker.find(order.client_order_id) if claimed.sent_before else None
            if found:
                steps.append(merge(order, found, now=now))
            elif stop := _reason_to_stop(claimed, switches, now):
                steps.append(stop(order, now))
            else:
                going.append((order, claimed))
        crash_point("5_looked_up")
        outcomes.apply(claim, steps, now=now)
        crash_point("6_before_wire")
        answers = broker.submit_many([claimed.approved for _, claimed in going if claimed.approved])
        crash_point("7_after_wire")
        _record_batch(claim, portfolio, account, [order for order, _ in going], answers, now)
        crash_point("8_recording")


def _record_batch(
    claim: Claim,
    portfolio: Portfolio,
    account: BrokerAccount,
    orders: Sequence[Order],
    answers: Sequence[BrokerOrder | BrokerError],
    now: datetime,
) -> None:
    """Book what executed, then write the state of what did not."""
    taken: list[tuple[Order, BrokerOrder]] = []
    steps: list[Move] = []
    for order, answer in zip(orders, answers, strict=True):
        if isinstance(answer, BrokerError):
            refused = outcomes.ended(S.REJECTED, answer.code or "BROKER", answer.message)
            steps.append((refused if answer.permanent else outcomes.unknown(answer.message))(order, now))
        else:
            merge(order, answer, now=now)
            taken.append((order, answer))
    fills.catch_up(portfolio=portfolio, account=account, broker=claim.broker, now=now, loaded=orders)
    rest = [merge(order, answer, now=now) for order, answer in taken]
    moved = move_many([*steps, *(step for step in rest if step.to != step.order.state)], now=now)
    announce_orders(moved, user_id=claim.portfolio.user_id, now=now)
    tell_ends(moved, user_id=claim.portfolio.user_id, now=now)


# --- A broker across the wire: one order at a time, never inside a transaction ---------------------------------------
def _send_one(claim: Claim, claimed: Claimed) -> None:
    order = claimed.order
    if claimed.sent_before:
        outcome = _look_up(claim, order)
        crash_point("5_looked_up")
        if outcome:
            outcomes.record(claim, order, outcome)
            return
    if claim.too_old():
        return  # the lease ends soon: its next owner looks the order up first
    with transaction.atomic():
        switches = _read_switches(claim)
    stop = _reason_to_stop(claimed, switches, claim.watch.now())
    crash_point("6_before_wire")
    outcome = stop or _wire(claim, claimed)
    crash_point("7_after_wire")
    outcomes.record(claim, order, outcome)


def _wire(claim: Claim, claimed: Claimed) -> Outcome:
    if claimed.approved is None:
        raise ValueError(f"order {claimed.order.pk} was not approved")
    try:
        return outcomes.accepted(claim.broker.submit(claimed.approved))
    except BrokerError as error:
        log.warning("order %s: the broker answered: %s", claimed.order.pk, error.message)
        if error.ambiguous or not error.permanent:
            return outcomes.unknown(error.message)
        # Brokers have answered with an error although the order went through: look once before believing it.
        return _look_up(claim, claimed.order) or outcomes.ended(S.REJECTED, error.code or "BROKER", error.message)


def _look_up(claim: Claim, order: Order) -> Outcome | None:
    """What the broker knows under our id; None when it is sure to know nothing."""
    try:
        found = claim.broker.find(order.client_order_id)
    except BrokerError as error:
        return outcomes.unknown(f"The look-up failed: {error.message}")
    return outcomes.accepted(found) if found else None


# --- The last look before the wire ----------------------------------------------------------------------------------
def _read_switches(claim: Claim) -> Switches:
    """The kill switches, under a share lock for as long as the surrounding transaction lives."""
    switch.share_lock(claim.portfolio.user_id)
    return switch.load(claim.portfolio.user_id)


def _reason_to_stop(claimed: Claimed, switches: Switches, now: datetime) -> Outcome | None:
    """Why this order must not go out now. One that may have been sent before and is not there was never accepted."""
    order, view = claimed.order, view_of(switches, claimed.order)
    late = S.EXPIRED
    denied = S.BLOCKED
    if claimed.sent_before:
        late = denied = S.NOT_ACCEPTED
    if view.killed:
        scopes = ", ".join(view.killed)
        return outcomes.ended(
            denied, "KILL_SWITCH_ACTIVE", f"The kill switch ({scopes}) was pulled before it was sent."
        )
    buys = order.side == Side.BUY  # what is sold is held, the gate made sure: it shrinks a position
    if view.trading_state == "halted" and (buys or order.source_kind not in BY_HAND):
        return outcomes.ended(denied, "TRADING_HALTED", "Trading was halted before it was sent.")
    if view.trading_state == "reducing" and buys:
        return outcomes.ended(denied, "STATE_REDUCING", "Trading was set to reducing only before it was sent.")
    if order.expires_at <= now:
        return outcomes.ended(late, "ORDER_EXPIRED", "It was not sent in time, so it was not sent at all.")
    if claimed.approved is None:
        return outcomes.ended(denied, "GATE_DENIED", "The broker never got it, and the safety gate would deny it now.")
    return None
